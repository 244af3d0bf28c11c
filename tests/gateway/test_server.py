"""The process: where it listens, what it refuses, how it stops."""

from __future__ import annotations

import json
import logging
import socket
from pathlib import Path

import pytest

from durable_streaming.gateway import GatewaySettings, InsecureBindError, PortInUseError, serve
from durable_streaming.gateway.logs import JsonFormatter
from durable_streaming.gateway.server import listen
from durable_streaming.gateway.settings import is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.com", ""])
def test_an_address_that_others_can_reach_is_refused(tmp_path: Path, host: str) -> None:
    settings = GatewaySettings(host=host, data_dir=tmp_path)
    with pytest.raises(InsecureBindError, match="DURABLE_INSECURE_BIND"):
        serve(settings)


def test_an_address_that_others_can_reach_may_be_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DURABLE_INSECURE_BIND", "yes")
    GatewaySettings(host="0.0.0.0").check_bind()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LocalHost.", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:192.0.2.1", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_what_means_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"{port} is in use.*DURABLE_PORT"):
            serve(GatewaySettings(port=port, data_dir=tmp_path))


def test_a_stalled_peer_is_bounded_by_the_kernel_too() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        tcp = socket.IPPROTO_TCP
        assert accepted.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 15_000
        assert accepted.getsockopt(tcp, socket.TCP_NOTSENT_LOWAT) == 16_384
        assert accepted.getsockopt(tcp, socket.TCP_NODELAY) == 1
        # The kernel doubles what is asked for, for its own bookkeeping.
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 128 * 1024


def test_origins_come_from_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURABLE_ALLOWED_ORIGINS", "https://a.example, http://b.example:81")
    assert GatewaySettings().allowed_origins == ("https://a.example", "http://b.example:81")


def test_a_log_line_is_one_json_object() -> None:
    record = logging.makeLogRecord({"msg": "two\nlines", "levelname": "INFO", "epoch": "e"})
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "two\nlines"
    assert json.loads(line)["epoch"] == "e"
