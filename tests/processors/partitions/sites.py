"""Partitions on a log in memory, with the real fold."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from durable_streaming.eventlog import MemoryLog, Record
from durable_streaming.processors.fold import PartitionFold
from durable_streaming.processors.metrics import Metrics
from durable_streaming.processors.partitions.folding import RestoreFold
from durable_streaming.processors.partitions.opening import OpenPartition, Site
from durable_streaming.processors.partitions.owner import CommitPolicy, PartitionOwner
from durable_streaming.schemas import Topics, partition_for
from tests.processors.derived import read_all
from tests.processors.samples import Item

TOPICS = Topics("t.")
PARTITIONS = 2


def new_log() -> MemoryLog:
    return MemoryLog(TOPICS.specs(partitions=PARTITIONS))


def new_site(log: MemoryLog, directory: Path, restore: RestoreFold = PartitionFold.restore) -> Site:
    return Site(log=log, topics=TOPICS, application="test", directory=directory, restore=restore)


def unexpected(error: BaseException) -> None:
    raise AssertionError("nothing was to fail") from error


def new_owner(
    opened: OpenPartition,
    policy: CommitPolicy | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    on_failure: Callable[[BaseException], None] = unexpected,
) -> PartitionOwner:
    return PartitionOwner(
        opened,
        TOPICS,
        policy or CommitPolicy(),
        ThreadPoolExecutor(1),
        Metrics(),
        clock,
        on_failure,
    )


def append(log: MemoryLog, items: Iterable[Item]) -> None:
    writer = log.writer()
    for key, value in items:
        writer.append(TOPICS.events, key, value)
    writer.flush(1)


def source(log: MemoryLog, partition: int) -> list[Record]:
    return [r for r in read_all(log, TOPICS.events) if r.partition == partition]


def key_of(partition: int, name: str = "run") -> str:
    """A run id that is placed in this partition."""
    return next(
        run_id
        for n in range(1_000)
        if partition_for((run_id := f"{name}-{n}").encode(), PARTITIONS) == partition
    )
