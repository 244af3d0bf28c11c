"""All runs with viewers or recent events, and when their frames are flushed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import islice

from durable_streaming.gateway.frames import Tokens
from durable_streaming.gateway.hub.connection import Connection
from durable_streaming.gateway.hub.delivery import Delivery
from durable_streaming.gateway.hub.feed import Feed, Final
from durable_streaming.gateway.hub.ladder import Ladder
from durable_streaming.gateway.hub.limits import Limits
from durable_streaming.gateway.hub.ring import Ring
from durable_streaming.gateway.hub.source import FrameSource
from durable_streaming.gateway.hub.subscription import Subscription
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.store import EventStore, Incoming, RunRow, Summary

# A flush gives the loop back after so many runs: other sockets' time is not one busy batch's.
_RUNS_A_TURN = 100
# Of the loop's time; from here on as much is joined as may be.
_BUSY_SHARE = 0.05
# What a run costs besides its frames.
_FEED_BYTES = 1_024


class Hub:
    """Takes events from the tail and moves every viewer's cursor. Lives on the loop.

    Attributes:
        interval: seconds within which the tail is to join a run's events: more, the busier the
            loop is.
    """

    def __init__(
        self,
        store: EventStore,
        tokens: Tokens,
        low: Callable[[int], int],
        limits: Limits,
        metrics: Metrics,
        on_damage: Callable[[BaseException], None],
    ) -> None:
        """Wire it.

        Args:
            store: has every event, so that any cursor can be served.
            tokens: of this incarnation of the topic.
            low: gives a partition's low watermark.
            limits: bounds.
            metrics: counted here: subscribers, latency.
            on_damage: told when the store fails.
        """
        self._loop = asyncio.get_running_loop()
        self._store = store
        self._low = low
        self._limits = limits
        self._metrics = metrics
        self._feeds: OrderedDict[str, Feed] = OrderedDict()
        self._rings_size = 0
        self._due: dict[Feed, None] = {}
        self._spent = 0.0
        self.interval = limits.flush_interval
        self.delivery = Delivery(
            FrameSource(store, metrics.tally),
            limits,
            metrics.tally,
            token_at=tokens.at,
            has_expired=self._has_expired,
            on_damage=on_damage,
            clock=self._loop.time,
            later=self._loop.call_soon,
        )
        self.ladder = Ladder(limits, metrics, self._loop.time)

    @property
    def subscribers(self) -> int:
        """How many subscriptions there are."""
        return sum(len(connection.subscriptions) for connection in self.ladder.connections)

    def apply(self, batch: Iterable[Incoming]) -> None:
        """Take events in and bring them to their viewers; the tail's hand-over calls it."""
        began = time.perf_counter()
        due = self._due
        is_flushing = bool(due)
        for events in batch:
            feed = self._feeds.get(events.run_id)
            if feed is None:
                feed = self._new_feed(events.run_id, events.partition, events.floor)
            else:
                self._feeds.move_to_end(events.run_id)
            self._rings_size += feed.take_in(events)
            if feed.subscriptions:
                due[feed] = None
        self._evict()
        self._spent += time.perf_counter() - began
        if due and not is_flushing:
            self._flush_due()

    def settle(self, changed: dict[str, Summary]) -> None:
        """Take in what the derived records say; runs that are settled close their viewers."""
        for run_id, summary in changed.items():
            feed = self._feeds.get(run_id)
            if feed is None:
                continue
            feed.final = Final.of(summary)
            for subscription in list(feed.subscriptions):
                self.delivery.pump(subscription)

    def attach(
        self,
        connection: Connection,
        run_id: str,
        row: RunRow,
        summary: Summary | None,
        cursor: int,
    ) -> Subscription:
        """Begin a subscription; `delivery.pump` then brings what it is owed.

        Args:
            connection: the viewer's.
            run_id: of a run that exists.
            row: the run's row, read from the store in this turn of the loop.
            summary: the same.
            cursor: the first offset to deliver.
        """
        self.detach(connection, run_id)
        feed = self._feeds.get(run_id)
        if feed is None:
            feed = self._new_feed(run_id, row.partition, row.next_offset)
        feed.head = max(feed.head, row.next_offset)
        feed.final = Final.of(summary)
        subscription = Subscription(feed, connection, cursor, max(cursor, feed.head))
        feed.subscriptions.add(subscription)
        connection.subscriptions[run_id] = subscription
        self._metrics.subscribers.inc()
        return subscription

    def detach(self, connection: Connection, run_id: str) -> bool:
        """End a subscription; says whether there was one."""
        subscription = connection.subscriptions.pop(run_id, None)
        if subscription is None:
            return False
        feed = subscription.feed
        subscription.over = True
        feed.subscriptions.discard(subscription)
        if not feed.subscriptions and not feed.ring.size:
            self._forget(feed)
        self._metrics.subscribers.dec()
        return True

    def drop(self, connection: Connection) -> None:
        """Forget a socket that is gone, with its subscriptions."""
        for run_id in list(connection.subscriptions):
            self.detach(connection, run_id)
        self.ladder.remove(connection)

    def resume(self, connection: Connection) -> None:
        """Go on with a socket whose buffer has drained."""
        for subscription in list(connection.subscriptions.values()):
            self.delivery.pump(subscription)

    def tick(self) -> None:
        """Once a second: heartbeats, the ladder, and how much joining the load asks for."""
        self.ladder.climb()
        least, most = self._limits.flush_interval, self._limits.busy_flush_interval
        self.interval = least + (most - least) * min(1.0, self._spent / _BUSY_SHARE)
        self._spent = 0.0

    def close(self, connection: Connection, code: int, reason: str) -> None:
        """Close one socket."""
        self._metrics.closes.labels(code=str(code)).inc()
        connection.close(code, reason)

    def close_all(self, code: int, reason: str, last: bytes) -> None:
        """Close every socket, after a last frame (or none: empty)."""
        for connection in list(self.ladder.connections):
            if last:
                connection.write(last)
            self.close(connection, code, reason)

    def _new_feed(self, run_id: str, partition: int, floor: int) -> Feed:
        ring = Ring(floor, self._limits.ring_bytes)
        feed = self._feeds[run_id] = Feed(run_id, partition, ring, floor)
        self._rings_size += _FEED_BYTES
        return feed

    def _forget(self, feed: Feed) -> None:
        if self._feeds.pop(feed.run_id, None) is not None:
            self._rings_size -= feed.ring.size + _FEED_BYTES

    def _evict(self) -> None:
        # The quietest runs first. One with viewers loses its ring only: the store has it all.
        for _ in range(len(self._feeds)):
            if self._rings_size <= self._limits.rings_bytes:
                return
            run_id, feed = next(iter(self._feeds.items()))
            if not feed.subscriptions:
                self._forget(feed)
                continue
            self._rings_size -= feed.ring.size
            feed.ring = Ring(feed.head, self._limits.ring_bytes)
            self._feeds.move_to_end(run_id)

    def _flush_due(self) -> None:
        began = time.perf_counter()
        try:
            for feed in list(islice(self._due, _RUNS_A_TURN)):
                del self._due[feed]
                self._flush(feed)
        finally:
            # Whatever became of one run, the others go on.
            if self._due:
                self._loop.call_soon(self._flush_due)
            self._spent += time.perf_counter() - began

    def _flush(self, feed: Feed) -> None:
        delivered = feed.waiting
        self.delivery.flush(feed)
        now_ms = time.time() * 1000
        for events in delivered:
            self._metrics.delivery_latency.note(now_ms, events.times_ms)

    def _has_expired(self, feed: Feed, cursor: int) -> bool:
        low = self._low(feed.partition)
        if cursor >= low:
            return False
        row = self._store.row(feed.run_id)
        return row is None or row.is_truncated(low)
