"""One thread that follows some partitions and gives what it reads to a sink."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from durable_streaming.eventlog import Log, LogUnavailable, Place, Reader, Record
from durable_streaming.gateway.errors import TailError

_log = logging.getLogger(__name__)

# Short enough for a stop to be noticed, long enough to cost nothing.
_READ_TIMEOUT_S = 0.2
_MAX_RECORDS = 2_000
# A batch costs as much as several records, here and on the loop. The first record after a pause
# is taken at once; those that follow it so closely are taken together.
_GATHER_S = 0.010
_RETRY_S = 0.5
_STOP_TIMEOUT_S = 5.0


class Sink(Protocol):
    """Takes what a tail reads, in the tail's thread."""

    def take(self, records: list[Record], positions: Mapping[Place, int]) -> None:
        """Store records together with the positions that moved; all or nothing.

        Called with nothing, too, so that what does not come from the log is looked after.
        """

    def due_in(self) -> float:
        """Say after how many seconds at most `take` must be called again, if only with nothing."""


class _Reread(Exception):
    """Offsets jumped: read again from the last position before believing it."""


class Tail:
    """Follows places of the log from given positions, without a hole.

    Offsets are checked for continuity. A jump is read again from the position before it; when
    the broker tells the same twice, the log itself has no record there (a transaction's marker)
    and the tail goes on. Anything else that it can't explain ends the tail: it never skips.
    Made on the loop.

    Attributes:
        reached_end: done when each place was once read to its end.
    """

    def __init__(
        self,
        name: str,
        log: Log,
        positions: Mapping[Place, int],
        sink: Sink,
        on_failure: Callable[[BaseException], None],
        *,
        ends: Mapping[Place, int] | None = None,
        gaps_expected: bool = False,
    ) -> None:
        """Prepare the thread.

        Args:
            name: of the thread.
            log: what to read.
            positions: the next offset of each place.
            sink: takes the records.
            on_failure: called in the tail's thread when it can't go on.
            ends: where places ended at the start. A place that is written to all the time may
                never be seen at its end, but it is past this one.
            gaps_expected: compacted or transactional topics have no record at many offsets.
        """
        self._log = log
        self._positions = dict(positions)
        self._sink = sink
        self._on_failure = on_failure
        self._gaps_expected = gaps_expected
        self._confirmed: set[tuple[Place, int, int]] = set()
        self._behind = set(positions)
        self._ends = ends or {}
        self._loop = asyncio.get_running_loop()
        self.reached_end: asyncio.Future[None] = self._loop.create_future()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def positions(self) -> Mapping[Place, int]:
        """The next offset of each place; everything below it is in the store."""
        return self._positions

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopped.set()

    def join(self) -> bool:
        """Wait for the thread to end, a bounded time; says whether it did."""
        self._thread.join(_STOP_TIMEOUT_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._follow_once()
        except Exception as error:
            if not self._stopped.is_set():
                self._on_failure(error)

    def _follow_once(self) -> None:
        try:
            with self._log.reader(self._positions) as reader:
                while not self._stopped.is_set():
                    if 0 < self._step(reader) < _MAX_RECORDS:
                        time.sleep(_GATHER_S)
        except _Reread:
            _log.warning("offsets jumped, reading again", extra={"tail": self._thread.name})
        except LogUnavailable as error:
            _log.warning("log unavailable", extra={"tail": self._thread.name, "reason": str(error)})
            self._stopped.wait(_RETRY_S)

    def _step(self, reader: Reader) -> int:
        """Take one batch; say how many records it had."""
        records = reader.read(min(_READ_TIMEOUT_S, self._sink.due_in()), _MAX_RECORDS)
        if not self._gaps_expected:
            self._check_continuity(records)
        moved = {
            place: next_offset
            for place, next_offset in reader.positions.items()
            if next_offset != self._positions[place]
        }
        self._sink.take(records, moved)
        if moved:
            # After the sink, so that whoever sees a position finds all below it in the store.
            self._positions.update(moved)
        if self._behind:
            self._behind = {place for place in self._behind if not self._is_reached(place, reader)}
            if not self._behind:
                self._loop.call_soon_threadsafe(self._note_end)
        return len(records)

    def _is_reached(self, place: Place, reader: Reader) -> bool:
        # By the mark alone it might never be: the last offsets may hold no record for a reader.
        end = self._ends.get(place)
        return reader.at_end(place) or (end is not None and reader.positions[place] >= end)

    def _note_end(self) -> None:
        if not self.reached_end.done():
            self.reached_end.set_result(None)

    def _check_continuity(self, records: list[Record]) -> None:
        expected: dict[Place, int] = {}
        topic, partition, due = "", -1, -1
        for record in records:
            if record.offset != due or record.partition != partition or record.topic != topic:
                expected[topic, partition] = due
                topic, partition, due = record.topic, record.partition, record.offset
                self._check_next((topic, partition), due, expected)
            due += 1

    def _check_next(self, place: Place, offset: int, expected: Mapping[Place, int]) -> None:
        due = expected.get(place, self._positions[place])
        if offset < due:
            raise TailError(
                f"offset {offset} of {place} came again after {due - 1}: the log went back"
            )
        if offset > due and (place, due, offset) not in self._confirmed:
            self._confirmed.add((place, due, offset))
            raise _Reread
