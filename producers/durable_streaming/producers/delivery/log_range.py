"""Reading bounded pieces of partitions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from durable_streaming.eventlog import EventLogError, Log, Place, Record
from durable_streaming.producers.errors import LogFailed

_READ_S: Final = 0.1
# A broker that restarts is away for seconds; longer than this a reader says so.
_SILENCE_S: Final = 30.0


def read_range(log: Log, place: Place, begin: int, end: int) -> Iterator[Record]:
    """Give the records from `begin` to before `end`; blocks while it reads.

    Raises:
        LogFailed: they can't be read, or are not kept any more.
    """
    if begin >= end:
        return
    with log_failed(), log.reader({place: begin}) as reader:
        heard_s = time.monotonic()
        while reader.positions[place] < end:
            records = reader.read(_READ_S)
            if records:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > _SILENCE_S:
                raise LogFailed(f"nothing came from {place[0]} for {_SILENCE_S:.0f} s")
            for record in records:
                if record.offset < end:
                    yield record


class SpanReader:
    """Reads what several ask for in the partitions of one topic, each record once.

    Args:
        log: to read from.
        topic: the topic.
        see: called with each record, those of a partition not always in their order.
    """

    def __init__(self, log: Log, topic: str, see: Callable[[Record], None]) -> None:
        self._log = log
        self._topic = topic
        self._see = see
        self._spans: dict[int, tuple[int, int]] = {}

    def cover(self, partition: int, begin: int, end: int) -> None:
        """Read what was not read yet of the records from `begin` to before `end`; blocks.

        Raises:
            LogFailed: as `read_range`.
        """
        first, last = self._spans.get(partition, (begin, begin))
        if begin > last:
            # Nobody asked for what lies between; if somebody does, it will be read for them.
            first = last = begin
        for piece in ((begin, first), (last, end)):
            for record in read_range(self._log, (self._topic, partition), *piece):
                self._see(record)
        self._spans[partition] = (min(first, begin), max(last, end))


@contextmanager
def log_failed() -> Iterator[None]:
    """Raise as an error of the SDK what the log raises.

    Raises:
        LogFailed: with the cause chained.
    """
    try:
        yield
    except EventLogError as error:
        raise LogFailed(f"the log can't be read: {error}") from error
