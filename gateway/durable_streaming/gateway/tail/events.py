"""Events from the tail: judged once, stored, framed, handed to the loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from durable_streaming.eventlog import Place, Record
from durable_streaming.gateway.frames import Tokens
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.store import EventStore, Incoming
from durable_streaming.gateway.tail.handover import Handover
from durable_streaming.schemas import BadRecord, Event, judge

_log = logging.getLogger(__name__)

# What a person waits for: how a run, a step or a tool call changes. Text may wait to be joined.
_URGENT_PREFIXES = ("run.", "step.", "tool.", "plan.")


class EventSink:
    """Takes the records of the events topic; only valid events go on."""

    def __init__(
        self,
        store: EventStore,
        tokens: Tokens,
        handover: Handover[list[Incoming]],
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
        if positions:
            self._take(records, positions)
        self._store.write_due()

    def _take(self, records: list[Record], positions: Mapping[Place, int]) -> None:
        events: list[Incoming] = []
        for _, partition, offset, key, value, timestamp_ms, _ in records:
            event = self._judge(value, key, partition, self._tokens.partitions)
            if isinstance(event, BadRecord):
                # The processors write it to the dead letters; here it is only not shown.
                self._metrics.bad_records.labels(reason=event.reason).inc()
                continue
            events.append(
                Incoming(
                    event.run_id,
                    partition,
                    offset,
                    timestamp_ms,
                    self._tokens.event_frame(partition, offset, event.value),
                    event.seq == 0,
                    event.type.startswith(_URGENT_PREFIXES),
                )
            )
        self._store.append(
            events, {partition: next_offset for (_, partition), next_offset in positions.items()}
        )
        self._metrics.stored_events.inc(len(events))
        if events:
            self._handover.put(events, sum(len(event.frame) for event in events))
