"""The broker's configuration."""

from durable_streaming.localkafka.config import Ports, server_properties


def parse(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_listens_on_loopback_only() -> None:
    properties = parse(server_properties(Ports(1001, 1002)))
    assert properties["listeners"] == "PLAINTEXT://127.0.0.1:1001,CONTROLLER://127.0.0.1:1002"
    assert properties["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1001"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:1002"


def test_overrides_win_and_add() -> None:
    properties = parse(
        server_properties(Ports(1, 2), {"num.io.threads": "8", "log.retention.ms": "-1"})
    )
    assert properties["num.io.threads"] == "8"
    assert properties["log.retention.ms"] == "-1"
