from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from durable_streaming.eventlog import MemoryLog
from tests.gateway.builders import Writer, memory_log
from tests.gateway.servers import RunningGateway, gateway


@pytest.fixture
def log() -> MemoryLog:
    return memory_log()


@pytest.fixture
def writer(log: MemoryLog) -> Writer:
    return Writer(log)


@pytest.fixture
def running(log: MemoryLog, tmp_path: Path) -> Iterator[RunningGateway]:
    with gateway(tmp_path, log) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway for tests that change nothing: one run `r` of six events, running."""
    log = memory_log()
    Writer(log).run("r", 5)
    with gateway(tmp_path_factory.mktemp("shared"), log) as found:
        yield found
