"""Reading the runs of the events topic where no one else knows their state."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from durable_streaming.eventlog import EventLogError, Log, Record
from durable_streaming.producers.errors import LogFailed
from durable_streaming.schemas import BadRecord, Event, judge, partition_for
from durable_streaming.schemas.sequence import SequenceState

_READ_S = 0.1
# A broker that restarts is away for seconds; longer than this a reader says so.
_SILENCE_S = 30.0


class LogScan:
    """Follows partitions from their beginnings and keeps the little that a producer must know.

    Args:
        log: to read.
        topic: of the events.
        only: the one run to look at; all runs of the topic when None.
        on_counted: called with each event that is not fenced.
    """

    def __init__(
        self,
        log: Log,
        topic: str,
        only: str | None = None,
        on_counted: Callable[[Event], Any] = lambda _event: None,
    ) -> None:
        self._topic = topic
        self._key = None if only is None else only.encode()
        self._on_counted = on_counted
        self._states: dict[str, SequenceState] = {}
        self._ends: dict[int, int] = {}
        self._ends_as_of_s = -math.inf
        with _log_failed():
            self._admin = log.admin()
            marks = self._admin.watermarks(topic)
            self._partitions = len(marks)
            followed = marks if self._key is None else [self._home(self._key)]
            self._reader = log.reader({(topic, p): marks[p][0] for p in followed})

    def read_to_end(self, run_id: str, known_for_s: float = 0.0) -> SequenceState:
        """Read what the run's partition holds at this moment; gives the run's state.

        Args:
            run_id: of the run.
            known_for_s: be content with an end that was asked for so long ago.

        Raises:
            LogFailed: the log can't be read.
        """
        if time.monotonic() - self._ends_as_of_s >= known_for_s:
            self._ends_as_of_s = time.monotonic()
            with _log_failed():
                marks = self._admin.watermarks(self._topic)
            self._ends = {partition: high for partition, (_, high) in marks.items()}
        partition = self._home(run_id.encode())
        end = self._ends[partition]
        self._read_until(lambda: self._reader.positions[self._topic, partition] >= end)
        return self.state(run_id)

    def read_through(self, run_id: str, is_there: Callable[[SequenceState], bool]) -> SequenceState:
        """Read on until the run's state shows that something is there.

        Raises:
            LogFailed: the log can't be read.
        """
        self._read_until(lambda: is_there(self.state(run_id)))
        return self.state(run_id)

    def state(self, run_id: str) -> SequenceState:
        """Give the run's state as of what was read."""
        return self._states.get(run_id) or SequenceState()

    def close(self) -> None:
        """Release the connection."""
        self._reader.close()
        self._admin.close()

    def _home(self, key: bytes) -> int:
        return partition_for(key, self._partitions)

    def _read_until(self, is_enough: Callable[[], bool]) -> None:
        heard_s = time.monotonic()
        while not is_enough():
            with _log_failed():
                records = self._reader.read(_READ_S)
            if records:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > _SILENCE_S:
                raise LogFailed(f"nothing came from the events topic for {_SILENCE_S:.0f} s")
            for record in records:
                if self._key is None or record.key == self._key:
                    self._see(record)

    def _see(self, record: Record) -> None:
        event = judge(record.value, record.key, record.partition, self._partitions)
        if isinstance(event, BadRecord):
            return
        state = self._states.setdefault(event.run_id, SequenceState())
        if state.see(event):
            self._on_counted(event)


@contextmanager
def _log_failed() -> Iterator[None]:
    try:
        yield
    except EventLogError as error:
        raise LogFailed(f"the events topic can't be read: {error}") from error
