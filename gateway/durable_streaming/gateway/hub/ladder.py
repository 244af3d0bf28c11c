"""What happens to a socket over time: heartbeats, lagging said, and the stalled ones cut.

The ladder's first step, pausing, is no step of its own: a congested socket's cursor just stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from durable_streaming.eventlog import rfc3339
from durable_streaming.gateway import frames
from durable_streaming.gateway.hub.connection import Connection
from durable_streaming.gateway.hub.limits import Limits
from durable_streaming.gateway.hub.subscription import Subscription
from durable_streaming.gateway.metrics import Metrics

_TOO_SLOW = 4408


class Ladder:
    """Knows every open socket and looks at each once a second."""

    def __init__(self, limits: Limits, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self.connections: set[Connection] = set()

    def add(self, connection: Connection) -> None:
        """Begin to look after a socket."""
        self.connections.add(connection)
        self._metrics.sockets.set(len(self.connections))

    def remove(self, connection: Connection) -> None:
        """Forget a socket that is gone."""
        self.connections.discard(connection)
        self._metrics.sockets.set(len(self.connections))

    def climb(self) -> None:
        """Look at every socket once."""
        now = self._clock()
        beat: bytes | None = None
        for connection in list(self.connections):
            if connection.closing:
                continue
            if connection.stalled_seconds(now) >= self._limits.send_deadline:
                self._metrics.closes.labels(code=str(_TOO_SLOW)).inc()
                connection.close(_TOO_SLOW, "too slow: resume with the last token")
                continue
            for subscription in connection.subscriptions.values():
                if self._is_lagging(subscription, now):
                    self._say_lagging(subscription)
            if now - connection.wrote_at >= self._limits.heartbeat:
                beat = beat or frames.heartbeat(rfc3339(time.time_ns() // 1_000_000))
                connection.write(beat)

    def _is_lagging(self, subscription: Subscription, now: float) -> bool:
        since = subscription.behind_since
        if since is None or not subscription.was_live:
            return False
        return (
            now - since >= self._limits.lag_seconds
            or _waiting(subscription) >= self._limits.lag_events
        )

    @staticmethod
    def _say_lagging(subscription: Subscription) -> None:
        feed = subscription.feed
        subscription.connection.write(frames.lagging(feed.run_id, _waiting(subscription)))
        # From here it catches up like one that has just come: caught_up will say when.
        subscription.caught_up = subscription.was_live = False
        subscription.head = feed.head


def _waiting(subscription: Subscription) -> int:
    return max(0, subscription.feed.appended - subscription.delivered)
