"""Everything that stands on one incarnation of the topics: store, tails, hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from durable_streaming.eventlog import Admin, Log, Place
from durable_streaming.gateway import frames
from durable_streaming.gateway.broker_view import BrokerView
from durable_streaming.gateway.errors import LogTruncatedError, StoreError
from durable_streaming.gateway.frames import Tokens
from durable_streaming.gateway.hub import Entry, Hub, Limits, Watchers
from durable_streaming.gateway.listing import list_entry
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.probe import EndProbe
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.settings import GatewaySettings
from durable_streaming.gateway.store import (
    Database,
    DerivedStore,
    EventStore,
    Identity,
    Incoming,
    RunIndex,
    Summary,
    open_database,
)
from durable_streaming.gateway.store.index import ListedRun
from durable_streaming.gateway.tail import DerivedSink, EventSink, Handover, Tail, Watch

_log = logging.getLogger(__name__)

# A broker that is silent for so long may have more than we know: better to say so.
_MAX_SILENCE_S = 10.0
_REACH_TIMEOUT_S = 5.0
_REACH_POLL_S = 0.005


class Opened(NamedTuple):
    """What was opened by blocking calls, before anything runs."""

    log: Log
    admin: Admin
    database: Database
    identity: Identity
    events_at: dict[Place, int]
    derived_at: dict[Place, int]
    ends: dict[Place, int]
    marks: Mapping[int, tuple[int, int]]


def open_log(log: Log, settings: GatewaySettings) -> Opened:
    """Describe the topics, open the store and find where both tails go on; blocks.

    Raises:
        EventLogError: the broker or a topic is not there.
        StoreLockedError: another process has the store open.
        LogTruncatedError: the log ends below what the store has.
    """
    topics = settings.kafka.topics
    admin = log.admin()
    info = admin.describe(topics.events)
    derived = (topics.drafts, topics.packets, topics.reconciliations)
    identity = Identity(
        info.topic_id, info.partitions, {topic: admin.describe(topic).topic_id for topic in derived}
    )
    marks = admin.watermarks(topics.events)
    database = open_database(settings.store_dir, identity)
    try:
        events, views = EventStore(database, topics.events), DerivedStore(database)
        events_at: dict[Place, int] = {}
        ends: dict[Place, int] = {}
        for partition, (low, high) in marks.items():
            stored = events.position(partition) or 0
            if stored > high:
                raise LogTruncatedError(
                    f"partition {partition} ends at {high}, but {stored} was read before: the log "
                    f"lost records. Restore it, or go on with the rest by deleting "
                    f"{settings.store_dir}"
                )
            events_at[topics.events, partition] = max(stored, low)
            ends[topics.events, partition] = high
        events.expire({partition: low for partition, (low, _) in marks.items()})
        derived_at: dict[Place, int] = {}
        for topic in derived:
            for partition, (low, high) in admin.watermarks(topic).items():
                stored = views.position(topic, partition) or 0
                # These are last values by key: reading them again changes nothing.
                derived_at[topic, partition] = low if stored > high else max(stored, low)
                ends[topic, partition] = high
    except BaseException:
        database.close()
        raise
    return Opened(log, admin, database, identity, events_at, derived_at, ends, marks)


class Incarnation:
    """A running copy of the topics as they are now.

    It never outlives them: when a topic is created anew, or the store fails, it ends and the
    gateway makes another. Lives on the loop.

    Attributes:
        failed: done when it can't go on, with the reason.
    """

    def __init__(
        self, opened: Opened, settings: GatewaySettings, limits: Limits, metrics: Metrics
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = opened.database
        self._events_topic = settings.kafka.topics.events
        self._metrics = metrics
        self._warm = False
        self._warming: asyncio.Task[None] | None = None
        self.failed: asyncio.Future[BaseException] = self._loop.create_future()
        self.admin = opened.admin
        self.tokens = Tokens(opened.identity.epoch, opened.identity.partitions)
        self.events = EventStore(opened.database, self._events_topic)
        self.derived = DerivedStore(opened.database)
        self.index = RunIndex(opened.database, self.events)
        self.hub = Hub(self.events, self.tokens, self._low, limits, metrics, self.fail)
        self.probe = EndProbe(self._ask_marks)
        self.broker = BrokerView(opened.log, opened.admin, settings.kafka.topics)
        self.watchers = Watchers(self._entry)
        self._live: Handover[list[Incoming]] = Handover(self._loop, self._apply)
        self._settled: Handover[dict[str, Summary]] = Handover(self._loop, self._settle)
        event_sink = EventSink(
            self.events,
            self.tokens,
            self._live,
            metrics,
            interval=lambda: self.hub.interval,
            pause=limits.pause,
        )
        derived_sink = DerivedSink(self.derived, settings.kafka.topics, self._settled)
        self.watch = Watch(
            opened.admin,
            self._events_topic,
            {self._events_topic: opened.identity.epoch, **opened.identity.derived},
            event_sink.follow_retention,
            self.fail,
        )
        self.watch.note(opened.marks)
        self.events_tail = Tail(
            "events-tail",
            opened.log,
            opened.events_at,
            event_sink,
            self.fail,
            ends=opened.ends,
        )
        self.derived_tail = Tail(
            "derived-tail",
            opened.log,
            opened.derived_at,
            derived_sink,
            self.fail,
            ends=opened.ends,
            gaps_expected=True,
        )

    def start(self) -> None:
        """Begin to follow the log."""
        for part in (self.events_tail, self.derived_tail, self.watch):
            part.start()
        self._warming = self._loop.create_task(self._warm_up())

    @property
    def why_not_ready(self) -> str | None:
        """Say what is missing before this can serve, None when nothing is."""
        if self.failed.done():
            return "the log can't be followed any more: starting again"
        if not self._warm:
            return "the index is being brought up to date"
        if self.watch.silent_seconds > _MAX_SILENCE_S:
            return "the broker does not answer"
        return None

    def next_offset(self, partition: int) -> int:
        """Return how far the events tail has read a partition."""
        return self.events_tail.positions[self._events_topic, partition]

    async def reach(self, partition: int, next_offset: int) -> None:
        """Wait until the events tail has read a partition up to an offset the broker has.

        Raises:
            Refusal: it takes too long.
        """
        deadline = self._loop.time() + _REACH_TIMEOUT_S
        while self.next_offset(partition) < next_offset:
            if self._loop.time() > deadline:
                raise Refusal("not-ready", "the gateway is behind the log: try again")
            await asyncio.sleep(_REACH_POLL_S)

    def tick(self) -> None:
        """Once a second."""
        self._metrics.tail_lag.set(self._live.unapplied_bytes)
        self.hub.tick()

    async def close(self) -> None:
        """End the threads, a bounded time, and release the store."""
        if self._warming is not None:
            self._warming.cancel()
        self._live.close()
        self._settled.close()
        self.watch.stop()
        tails = (self.events_tail, self.derived_tail)
        for tail in tails:
            tail.stop()
        ended = await asyncio.gather(*(asyncio.to_thread(tail.join) for tail in tails))
        if all(ended):
            with suppress(StoreError):
                # A store that failed is what ended it; else the next start has less to read.
                await asyncio.to_thread(self.events.write)
            self._database.close()
        else:
            _log.error("a tail did not end in time; the store stays open")

    async def _warm_up(self) -> None:
        await asyncio.gather(self.events_tail.reached_end, self.derived_tail.reached_end)
        try:
            await asyncio.to_thread(self.index.adopt_orphans)
        except StoreError as error:
            self.fail(error)
        else:
            self._warm = True

    def _apply(self, batch: list[Incoming]) -> None:
        self.hub.apply(batch)
        # Later changes of an entry come with the derived records.
        self.watchers.note(events.run_id for events in batch if not events.floor)

    def _settle(self, changed: dict[str, Summary]) -> None:
        self.hub.settle(changed)
        self.watchers.note(changed)

    def _entry(self, run_id: str) -> Entry | None:
        try:
            row, summary = self.events.row(run_id), self.derived.summary(run_id) or Summary()
        except StoreError as error:
            self.fail(error)
            return None
        entry = list_entry(self.tokens, ListedRun(run_id, row, summary))
        return Entry(
            run_id,
            summary.status,
            summary.agent,
            summary.verdict,
            summary.tags,
            frames.run(entry),
        )

    def _low(self, partition: int) -> int:
        return self.watch.low(partition)

    def _ask_marks(self) -> Mapping[int, tuple[int, int]]:
        marks = self.admin.watermarks(self._events_topic)
        self.watch.note(marks)
        return marks

    def fail(self, error: BaseException) -> None:
        """End this incarnation, from any thread."""
        self._loop.call_soon_threadsafe(self._set_failed, error)

    def _set_failed(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_result(error)
