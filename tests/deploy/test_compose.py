"""The compose file says what the code understands."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from durable_streaming.cli.main import app
from durable_streaming.eventlog import KafkaSettings
from durable_streaming.gateway.settings import GatewaySettings
from durable_streaming.processors import worker
from durable_streaming.processors.settings import ProcessorSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_three_brokers_survive_any_one(services: dict[str, Any]) -> None:
    brokers = {name: s for name, s in services.items() if name.startswith("kafka")}
    assert len(brokers) == 3
    assert {b["image"] for b in brokers.values()} == {"apache/kafka:4.4.0"}
    assert len({b["environment"]["KAFKA_NODE_ID"] for b in brokers.values()}) == 3
    for broker in brokers.values():
        environment = broker["environment"]
        assert environment["KAFKA_MIN_INSYNC_REPLICAS"] == 2
        assert environment["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] == 3
        assert environment["KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR"] == 3
        assert environment["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"


def test_nothing_is_published_beyond_this_host(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_commands_are_those_of_the_command_line(services: dict[str, Any]) -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    commands = {name: s["command"] for name, s in services.items() if "command" in s}
    assert {command[0] for command in commands.values()} == {"topics", "processor", "gateway"}
    assert {command[0] for command in commands.values()} <= known
    for command in commands.values():
        assert CliRunner().invoke(app, [*command, "--help"]).exit_code == 0
    assert commands["topics"][1:] == ["--replication", "3", "--min-insync", "2"]


def test_settings_are_known_by_name(services: dict[str, Any]) -> None:
    known = {
        f"DURABLE_{field.upper()}"
        for settings in (KafkaSettings, ProcessorSettings, GatewaySettings)
        for field in settings.model_fields
    }
    for name in ("topics", "processor", "gateway"):
        mine = set(services[name]["environment"])
        assert {"DURABLE_KAFKA_BOOTSTRAP"} <= mine <= known | {"DURABLE_GATEWAY_URL"}
    assert services["gateway"]["environment"]["DURABLE_INSECURE_BIND"] == "yes"


def test_health_is_asked_where_it_is_answered(services: dict[str, Any]) -> None:
    port = services["processor"]["environment"]["DURABLE_PROCESSOR_PORT"]
    assert f":{port}/readyz" in services["processor"]["healthcheck"]["test"][-1]
    port = GatewaySettings.model_fields["port"].default
    assert f":{port}/readyz" in services["gateway"]["healthcheck"]["test"][-1]


def test_a_stop_may_take_as_long_as_it_needs(services: dict[str, Any]) -> None:
    gateway = GatewaySettings.model_fields
    drain_s = gateway["drain_window_seconds"].default + gateway["drain_seconds"].default
    for name in ("processor", "gateway"):
        grace_s = int(services[name]["stop_grace_period"].removesuffix("s"))
        assert grace_s > max(worker._STOP_TIMEOUT_S, drain_s)


def test_the_image_runs_as_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    # A number: where a cluster forbids root, it can't look a name up.
    assert "USER 10001" in lines
    assert 'ENTRYPOINT ["durable"]' in lines


def test_the_image_leaves_the_data_directory_to_whoever_runs_it() -> None:
    # Named in the environment, it would stand above the cluster that is named there, and commands
    # inside a container would find nothing.
    assert "DURABLE_DATA_DIR" not in (ROOT / "Dockerfile").read_text()


def test_all_code_gets_into_the_image() -> None:
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["only-include"]
    assert {Path(package).parts[0] for package in packages} <= kept
