"""A source that flows while workers die, and how far their commits have come."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Self

from durable_streaming.eventlog import BufferFull, KafkaLog
from durable_streaming.processors.fold.snapshot import POSITION_KEY, load_position
from tests.processors.samples import Item, untidy_log
from tests.processors.workers import wait_until


def append(log: KafkaLog, items: Iterable[Item], *, per_second: float | None = None) -> int:
    """Append records, at a pace where one is given; gives how many."""
    writer = log.writer("samples")
    began, count = time.monotonic(), 0
    for key, value in items:
        while True:
            try:
                writer.append(log.settings.topics.events, key, value)
                break
            except BufferFull:
                writer.poll(0.1)
        count += 1
        if per_second and count % 25 == 0:
            writer.poll(0)
            time.sleep(max(0.0, count / per_second - (time.monotonic() - began)))
    assert writer.flush(30) == 0
    writer.close()
    return count


def endless_log() -> Iterator[Item]:
    """Untidy runs without end."""
    for seed in itertools.count():
        yield from untidy_log(seed, runs=40, deltas=40, at_once=30)


class Flow:
    """Appends untidy runs at a pace, from a thread, until it is left.

    Attributes:
        count: records appended.
    """

    def __init__(self, log: KafkaLog, *, per_second: float) -> None:
        self._log = log
        self._per_second = per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._append)
        self.count = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _append(self) -> None:
        items = itertools.takewhile(lambda _: not self._stop.is_set(), endless_log())
        self.count = append(self._log, items, per_second=self._per_second)


class Commits:
    """The source position of each partition as of its last committed transaction."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self._admin = log.admin()
        topics = log.settings.topics
        self._source = topics.events
        self._partitions = self._admin.describe(self._source).partitions
        self._reader = log.reader({(topics.state, p): 0 for p in range(self._partitions)})
        self._positions: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._admin.close()

    def positions(self) -> dict[int, int]:
        """Read what was committed since the last call, up to the end of now."""
        topic = self._log.settings.topics.state
        ends = self._admin.watermarks(topic)
        while any(self._reader.positions[topic, p] < end for p, (_, end) in ends.items()):
            for record in self._reader.read(0.5, 5_000):
                if record.key == POSITION_KEY:
                    self._positions[record.partition] = load_position(record.value or b"")
        return dict(self._positions)

    def behind(self) -> bool:
        """Whether records wait that no committed transaction stands for."""
        done = self.positions()
        ends = self._admin.watermarks(self._source)
        return any(done.get(p, 0) < end for p, (_, end) in ends.items())

    def wait_next(self) -> None:
        """Wait until one more transaction was committed."""
        before = self.positions()
        wait_until(lambda: self.positions() != before, 60, "a transaction")

    def wait_all(self, timeout_s: float = 60) -> None:
        """Wait until the committed position of each partition is the source's end."""
        wait_until(lambda: not self.behind(), timeout_s, "folding up to the end")
