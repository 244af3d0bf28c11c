"""Events from the tail: judged once, stored, framed, handed to the loop run by run."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping

from durable_streaming.eventlog import Place, Record
from durable_streaming.gateway.frames import Tokens
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.store import EventStore, Incoming
from durable_streaming.gateway.tail.handover import Handover
from durable_streaming.gateway.tail.known import KnownRuns
from durable_streaming.schemas import BadRecord, Event, judge

_log = logging.getLogger(__name__)

# What a person waits for: how a run, a step or a tool call changes. Text may wait to be joined.
_URGENT_PREFIXES = ("run.", "step.", "tool.", "plan.")
# More than a busy interval brings; a backlog is handed over as fast as it is read.
_MOST_BYTES = 1024 * 1024
# A batch comes every ten milliseconds while there is much: the one nearest to the time is taken.
_EARLY_S = 0.005


class EventSink:
    """Takes the records of the events topic; only valid events go on.

    The store has them at once, the loop when they are urgent or were joined for long enough: waking
    it, and writing to a viewer, costs the same for many events of a run as for one.
    """

    def __init__(
        self,
        store: EventStore,
        tokens: Tokens,
        handover: Handover[list[Incoming]],
        metrics: Metrics,
        interval: Callable[[], float],
        pause: float,
        judged: Callable[..., Event | BadRecord] = judge,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire it.

        Args:
            store: gets all events.
            tokens: of this incarnation of the topic.
            handover: gets them run by run, for the loop.
            metrics: counted here: events, bad records.
            interval: gives the seconds for which a run's events are joined now.
            pause: seconds without any after which a run's first event is handed over at once.
            judged: says whether a record is an event.
            clock: seconds that never run backwards.
        """
        self._store = store
        self._tokens = tokens
        self._handover = handover
        self._metrics = metrics
        self._interval = interval
        self._pause_ms = pause * 1000
        self._judge = judged
        self._clock = clock
        self._runs = KnownRuns()
        self._joining: dict[str, Incoming] = {}
        self._joining_bytes = 0
        self._handed_at = 0.0
        self._lows: dict[int, int] = {}
        self._raised = threading.Event()

    def follow_retention(self, lows: Mapping[int, int]) -> None:
        """Note the partitions' low watermarks; the store follows before the next batch."""
        if any(low > self._lows.get(partition, 0) for partition, low in lows.items()):
            self._lows = dict(lows)
            self._raised.set()

    def due_in(self) -> float:
        """Say after how many seconds at most `take` must be called again, if only with nothing."""
        if not self._joining:
            return math.inf
        return max(0.0, self._handed_at + self._interval() - self._clock())

    def take(self, records: list[Record], positions: Mapping[Place, int]) -> None:
        """Judge, store and hand over a batch."""
        if self._raised.is_set():
            self._raised.clear()
            expired = self._store.expire(self._lows)
            _log.info("followed retention", extra={"runs": expired})
        if positions:
            batch = self._read(records)
            moved = {partition: offset for (_, partition), offset in positions.items()}
            self._store.append(batch.values(), moved)
            self._join(batch)
        if self._joining:
            self._hand_over_due()
        self._store.write_due()

    def _read(self, records: list[Record]) -> dict[str, Incoming]:
        batch: dict[str, Incoming] = {}
        count, frame_of, known = 0, self._tokens.event_frame, self._runs
        for _, partition, offset, key, value, timestamp_ms, _ in records:
            found = known.read_delta(key, value, partition)
            if found is not None:
                run_id, body, is_start, is_urgent = found.run_id, value, found.seq == 0, False
            else:
                event = self._judge(value, key, partition, self._tokens.partitions)
                if isinstance(event, BadRecord):
                    # The processors write it to the dead letters; here it is only not shown.
                    self._metrics.bad_records.labels(reason=event.reason).inc()
                    continue
                run_id, body, is_start = event.run_id, event.value, event.seq == 0
                is_urgent = event.type.startswith(_URGENT_PREFIXES)
                known.note(key, run_id, partition)
            frame = frame_of(partition, offset, body)  # type: ignore[arg-type]
            count += 1
            events = batch.get(run_id)
            if events is None:
                events = batch[run_id] = Incoming(
                    run_id, partition, [offset], [frame], [timestamp_ms], len(frame)
                )
            else:
                events.offsets.append(offset)
                events.frames.append(frame)
                events.times_ms.append(timestamp_ms)
                events.size += len(frame)
            if is_start:
                events.start_offset = offset
            if is_urgent:
                events.is_urgent = True
        self._metrics.stored_events.inc(count)
        return batch

    def _join(self, batch: dict[str, Incoming]) -> None:
        """Add to what waits for the loop, and hand over what must not wait."""
        joining, at_once = self._joining, list[Incoming]()
        for run_id, events in batch.items():
            earlier = joining.get(run_id)
            if earlier is None:
                joining[run_id] = events
            else:
                earlier.extend(events)
            self._joining_bytes += events.size
            # By the broker's time: that events come late must not make them go out singly.
            if events.is_urgent or events.times_ms[0] - events.before_ms >= self._pause_ms:
                at_once.append(joining.pop(run_id))
        if at_once:
            self._hand_over(at_once)

    def _hand_over_due(self) -> None:
        now = self._clock()
        if (
            now >= self._handed_at + self._interval() - _EARLY_S
            or self._joining_bytes >= _MOST_BYTES
        ):
            joined, self._joining = list(self._joining.values()), {}
            # From here on: how long a batch takes must not come on top of the interval.
            self._handed_at = now
            self._hand_over(joined)

    def _hand_over(self, batch: list[Incoming]) -> None:
        size = sum(events.size for events in batch)
        self._joining_bytes -= size
        self._handover.put(batch, size)
