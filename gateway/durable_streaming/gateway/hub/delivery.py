"""Moving a cursor: the one path by which an event reaches a socket."""

from __future__ import annotations

from collections.abc import Callable

from durable_streaming.gateway import frames
from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.frames import Chunk
from durable_streaming.gateway.hub.feed import Feed
from durable_streaming.gateway.hub.limits import Limits
from durable_streaming.gateway.hub.source import FrameSource
from durable_streaming.gateway.hub.subscription import Subscription
from durable_streaming.gateway.metrics import Tally

Shared = dict[tuple[int, int], Chunk | None]
"""Chunks already made in one flush of one run, by cursor and end."""


class Delivery:
    """Writes what a subscription is owed, until it has all or its socket is congested."""

    def __init__(
        self,
        source: FrameSource,
        limits: Limits,
        tally: Tally,
        *,
        token_at: Callable[[int, int], str],
        has_expired: Callable[[Feed, int], bool],
        on_damage: Callable[[BaseException], None],
        clock: Callable[[], float],
        later: Callable[[Callable[[Subscription], None], Subscription], object],
    ) -> None:
        """Wire it.

        Args:
            source: gives frames.
            limits: of chunks and turns.
            tally: counted here: frames, writes.
            token_at: writes the token of a partition and next offset.
            has_expired: whether retention has taken what a cursor still had to deliver.
            on_damage: told when the store fails; the cursor stays where it is.
            clock: the loop's.
            later: schedules a call for the loop's next turn.
        """
        self._source = source
        self._limits = limits
        self._tally = tally
        self._token_at = token_at
        self._has_expired = has_expired
        self._on_damage = on_damage
        self._clock = clock
        self._later = later

    def flush(self, feed: Feed) -> None:
        """Bring all viewers of a run what came since the last flush.

        Those who keep up stand where that one ended, and get one chunk with all of it.
        """
        start, now = feed.flushed, self._clock()
        chunk = self._whole(feed)
        shared: Shared = {}
        if chunk is None:
            for subscription in list(feed.subscriptions):
                self.pump(subscription, shared)
            return
        data, end, frames = chunk
        size, writes = len(data), 0
        # For each delivery: what it costs here is what a viewer costs.
        for subscription in list(feed.subscriptions):
            connection = subscription.connection
            if (
                subscription.cursor == start
                and subscription.caught_up
                and (write := connection.socket.writer) is not None
            ):
                write(data)
                connection.written += size
                connection.wrote_at = now
                subscription.cursor = end
                subscription.delivered += frames
                writes += 1
            else:
                self.pump(subscription, shared)
        self._tally.from_ring += 1
        self._tally.frames += writes * frames
        self._tally.writes += writes

    def pump(self, subscription: Subscription, shared: Shared | None = None) -> None:
        """Move the cursor as far as events and the socket allow."""
        try:
            self._pump(subscription, shared)
        except StoreDamagedError as error:
            self._on_damage(error)

    def _pump(self, subscription: Subscription, shared: Shared | None) -> None:
        feed, connection = subscription.feed, subscription.connection
        left = self._limits.turn_bytes
        while not (subscription.over or connection.closing):
            end = feed.head if subscription.caught_up else subscription.head
            if subscription.cursor >= end:
                if subscription.caught_up:
                    self._finish(subscription)
                    return
                self._say_caught_up(subscription)
                continue
            if connection.socket.congested:
                if subscription.behind_since is None:
                    subscription.behind_since = self._clock()
                return
            if self._has_expired(feed, subscription.cursor):
                self._expire(subscription)
                return
            chunk = self._take(feed, subscription.cursor, end, shared)
            if chunk is None:
                return
            connection.write(chunk.data)
            subscription.cursor = chunk.next_offset
            subscription.delivered += chunk.frames
            self._tally.frames += chunk.frames
            self._tally.writes += 1
            left -= len(chunk.data)
            if left <= 0:
                self._later(self.pump, subscription)
                return

    def _whole(self, feed: Feed) -> Chunk | None:
        """Join what waits; None where writing that is not all there is to do."""
        start, waiting = feed.flushed, feed.waiting
        feed.flushed, feed.waiting = feed.arrived, []
        if feed.final is not None or not waiting or self._has_expired(feed, start):
            return None
        frames = waiting[0].frames
        if len(waiting) > 1:
            frames = [frame for events in waiting for frame in events.frames]
        chunk = Chunk(b"".join(frames), feed.arrived, len(frames))
        return chunk if len(chunk.data) <= self._limits.chunk_bytes else None

    def _take(self, feed: Feed, cursor: int, end: int, shared: Shared | None) -> Chunk | None:
        if shared is None:
            return self._source.take(feed, cursor, end, self._limits.chunk_bytes)
        key = (cursor, end)
        if key not in shared:
            shared[key] = self._source.take(feed, cursor, end, self._limits.chunk_bytes)
        return shared[key]

    def _say_caught_up(self, subscription: Subscription) -> None:
        feed = subscription.feed
        subscription.caught_up = subscription.was_live = True
        subscription.behind_since = None
        subscription.delivered = feed.appended
        token = self._token_at(feed.partition, subscription.cursor)
        subscription.connection.write(frames.caught_up(feed.run_id, token))

    def _finish(self, subscription: Subscription) -> None:
        subscription.behind_since = None
        feed, final = subscription.feed, subscription.feed.final
        # The verdict may come before the tail has the events it speaks of.
        if final is None or subscription.cursor <= final.applied:
            return
        subscription.over = True
        token = self._token_at(feed.partition, subscription.cursor)
        connection = subscription.connection
        connection.write(frames.closed(feed.run_id, final.status, final.verdict, token))
        connection.on_closed(subscription)

    def _expire(self, subscription: Subscription) -> None:
        feed, connection = subscription.feed, subscription.connection
        subscription.over = True
        connection.write(
            frames.error(
                "offset-expired",
                "retention has removed events that were not delivered yet: subscribe from the "
                "start to go on with what is kept",
                run_id=feed.run_id,
                token=self._token_at(feed.partition, subscription.cursor),
            )
        )
        connection.on_expired(subscription)
