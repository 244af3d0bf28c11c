"""Which runs the log knows already, for a worker that may get requests a second time."""

from __future__ import annotations

import math
from collections.abc import Callable

from durable_streaming.eventlog import Log, Place, Record
from durable_streaming.producers.delivery.log_range import SpanReader
from durable_streaming.schemas import Event, judge_value


class KnownRuns:
    """The runs of which a producer has written, read once for all requests of a backlog.

    Requests that wait since before a worker came are asked for one after the other, and each would
    have the same hour of the log found and read for it.

    Args:
        log: to read from.
        topic: of the events.
        offset_at: gives the first offset of a place from a time on, in milliseconds since 1970;
            None where nothing is as new.
    """

    def __init__(self, log: Log, topic: str, offset_at: Callable[[Place, int], int | None]) -> None:
        self._log = log
        self._topic = topic
        self._offset_at = offset_at
        self.clear()

    def clear(self) -> None:
        """Forget all, so that memory is bounded by a backlog and not by a worker's life."""
        self._keys: set[bytes] = set()
        self._records = SpanReader(self._log, self._topic, self._see)
        self._begins: dict[int, tuple[float, int]] = {}

    def hold(self, run_id: str, partition: int, since_ms: int, end: int) -> bool:
        """Say whether a producer has written of the run; blocks while it reads.

        Args:
            run_id: the run.
            partition: where it lives.
            since_ms: the broker's time before which it can't have begun.
            end: offset before which it must have begun; the answer may know more.

        Raises:
            EventLogError: the offset can't be asked for.
            LogFailed: the log can't be read.
        """
        known_ms, begin = self._begins.get(partition, (math.inf, end))
        if since_ms < known_ms:
            found = self._offset_at((self._topic, partition), since_ms)
            begin = end if found is None else found
            self._begins[partition] = since_ms, begin
        self._records.cover(partition, begin, end)
        return run_id.encode() in self._keys

    def _see(self, record: Record) -> None:
        # Most records are of runs that are known, and judging costs more than the rest.
        if record.key is None or record.key in self._keys:
            return
        event = judge_value(record.value or b"")
        if isinstance(event, Event) and event.producer_id and event.run_id.encode() == record.key:
            self._keys.add(record.key)
