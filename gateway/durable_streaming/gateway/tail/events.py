"""Events from the tail: judged once, stored, framed, handed to the loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from durable_streaming.eventlog import Place, Record
from durable_streaming.gateway.frames import Tokens
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.store import EventStore, Incoming
from durable_streaming.gateway.tail.handover import Handover
from durable_streaming.schemas import BadRecord, Event, judge

_log = logging.getLogger(__name__)

# What a person waits for: how a run, a step or a tool call changes. Text may wait to be joined.
_URGENT_PREFIXES = ("run.", "step.", "tool.", "plan.")


class Live(NamedTuple):
    """One event as the loop gets it.

    Attributes:
        floor: the run's next offset before this event: nothing of the run lies between.
        urgent: whether it must not wait to be joined with others.
    """

    run_id: str
    partition: int
    offset: int
    floor: int
    timestamp_ms: int
    frame: bytes
    urgent: bool


class EventSink:
    """Takes the records of the events topic; only valid events go on."""

    def __init__(
        self,
        store: EventStore,
        tokens: Tokens,
        handover: Handover[list[Live]],
        metrics: Metrics,
        judged: Callable[..., Event | BadRecord] = judge,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._handover = handover
        self._metrics = metrics
        self._judge = judged
        self._lows: dict[int, int] = {}
        self._raised = threading.Event()

    def follow_retention(self, lows: Mapping[int, int]) -> None:
        """Note the partitions' low watermarks; the store follows before the next batch."""
        if any(low > self._lows.get(partition, 0) for partition, low in lows.items()):
            self._lows = dict(lows)
            self._raised.set()

    def take(self, records: list[Record], positions: Mapping[Place, int]) -> None:
        """Judge, store and hand over a batch."""
        if self._raised.is_set():
            self._raised.clear()
            expired = self._store.expire(self._lows)
            _log.info("followed retention", extra={"runs": expired})
        if not positions:
            return
        good: list[tuple[Record, Event]] = []
        for record in records:
            event = self._judge(record.value, record.key, record.partition, self._tokens.partitions)
            if isinstance(event, Event):
                good.append((record, event))
            else:
                # The processors write it to the dead letters; here it is only not shown.
                self._metrics.bad_records.labels(reason=event.reason).inc()
        floors = self._store.append(
            [
                Incoming(
                    event.run_id.encode(),
                    record.partition,
                    record.offset,
                    record.timestamp_ms,
                    event.seq,
                    event.value,
                )
                for record, event in good
            ],
            {partition: next_offset for (_, partition), next_offset in positions.items()},
        )
        self._metrics.stored_events.inc(len(good))
        if good:
            batch = [
                self._live(record, event, floor)
                for (record, event), floor in zip(good, floors, strict=True)
            ]
            self._handover.put(batch, sum(len(live.frame) for live in batch))

    def _live(self, record: Record, event: Event, floor: int) -> Live:
        return Live(
            event.run_id,
            record.partition,
            record.offset,
            floor,
            record.timestamp_ms,
            self._tokens.event_frame(record.partition, record.offset, event.value),
            event.type.startswith(_URGENT_PREFIXES),
        )
