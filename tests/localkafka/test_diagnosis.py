"""From what a broker printed to what a person can do."""

from pathlib import Path

import pytest

from durable_streaming.localkafka import (
    BrokerFailed,
    DataDirectoryFull,
    LocalKafkaError,
    PortInUse,
)
from durable_streaming.localkafka.config import Ports
from durable_streaming.localkafka.data_dir import DataDir
from durable_streaming.localkafka.diagnosis import explain
from durable_streaming.localkafka.process import describe_exit
from durable_streaming.localkafka.server_log import ServerLog

PORTS = Ports(1001, 1002)


def explained(tmp_path: Path, printed: str) -> LocalKafkaError:
    data = DataDir(tmp_path)
    log = ServerLog(data.server_log)
    with log.open() as output:
        output.write(printed.encode())
    return explain("ended with exit code 1", data, log, PORTS)


def test_a_full_disk(tmp_path: Path) -> None:
    error = explained(tmp_path, "java.io.IOException: No space left on device\n")
    assert isinstance(error, DataDirectoryFull)


@pytest.mark.parametrize("port", PORTS)
def test_a_port_in_use(tmp_path: Path, port: int) -> None:
    error = explained(
        tmp_path,
        f"KafkaException: Socket server failed to bind to 127.0.0.1:{port}: "
        "Address already in use.\n",
    )
    assert isinstance(error, PortInUse)
    assert error.port == port


@pytest.mark.parametrize(
    ("printed", "remedy"),
    [
        ("Error occurred: Could not reserve enough space for object heap", "free memory"),
        ("#  SIGBUS (0x7) at pc=0x00007f", "check the disk"),
        ("something new", "the lines above name the cause"),
    ],
)
def test_anything_else_quotes_the_log(tmp_path: Path, printed: str, remedy: str) -> None:
    error = explained(tmp_path, "".join(f"line {n}\n" for n in range(100)) + printed)
    assert isinstance(error, BrokerFailed)
    assert f"  | line 99\n  | {printed}" in error.problem
    assert "line 10\n" not in error.problem
    assert error.remedy.startswith(remedy)


def test_the_log_of_an_earlier_start_explains_nothing(tmp_path: Path) -> None:
    explained(tmp_path, "java.io.IOException: No space left on device\n")
    error = explained(tmp_path, "")
    assert isinstance(error, BrokerFailed)
    assert "(nothing was printed)" in error.problem


def test_a_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with path.open("wb") as file:
        file.truncate(9 * 1024 * 1024)
    with ServerLog(path).open() as output:
        output.write(b"new\n")
    assert path.read_text() == "new\n"
    assert (tmp_path / "server.log.1").exists()


def test_exits_are_described() -> None:
    assert describe_exit(1) == "ended with exit code 1"
    assert describe_exit(-9) == "was killed by SIGKILL"
