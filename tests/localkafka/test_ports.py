"""Free ports at first, the same ones ever after."""

import socket
from collections.abc import Iterator

import pytest

from durable_streaming.localkafka import PortInUse
from durable_streaming.localkafka.config import HOST, Ports
from durable_streaming.localkafka.ports import choose_ports, why_not_bindable


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen(1)
        yield server.getsockname()[1]


def test_new_ports_are_free_and_differ() -> None:
    ports = choose_ports(None, None)
    assert ports.broker != ports.controller
    assert why_not_bindable(ports.broker) is None
    assert why_not_bindable(ports.controller) is None


def test_ports_are_kept() -> None:
    ports = choose_ports(None, None)
    assert choose_ports(ports, None) == ports


def test_a_kept_port_that_was_taken_is_replaced(taken: int) -> None:
    free = choose_ports(None, None)
    ports = choose_ports(Ports(taken, free.controller), None)
    assert ports.broker != taken
    assert ports.controller == free.controller
    assert choose_ports(Ports(free.broker, taken), None).controller != taken


def test_a_wanted_port_wins_even_over_the_kept_controller() -> None:
    kept = choose_ports(None, None)
    ports = choose_ports(kept, kept.controller)
    assert ports.broker == kept.controller
    assert ports.controller != kept.controller


def test_a_wanted_port_is_never_replaced(taken: int) -> None:
    with pytest.raises(PortInUse, match="Address already in use") as caught:
        choose_ports(None, taken)
    assert caught.value.port == taken
    assert f"sport = :{taken}" in caught.value.remedy


def test_connections_that_linger_do_not_make_a_port_taken() -> None:
    """A broker that was killed leaves its clients' connections behind for a minute."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does
        server.bind((HOST, 0))
        server.listen(1)
        port = server.getsockname()[1]
        client = socket.create_connection((HOST, port))
        accepted, _ = server.accept()
        accepted.close()  # the server closes first, so its side lingers
        client.close()
    assert why_not_bindable(port) is None
