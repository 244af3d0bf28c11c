"""One viewer's place in one run: a cursor, and nothing that grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable_streaming.gateway.hub.connection import Connection
    from durable_streaming.gateway.hub.feed import Feed


class Subscription:
    """A cursor over a run's events; replay, catch-up and live are this one number moving.

    Attributes:
        cursor: the next offset to deliver.
        head: where the run stood when the subscription began (or began to lag): the caught-up
            frame comes when the cursor is there, before any event at or above it.
        caught_up: whether that frame was sent.
        was_live: whether it was sent once, so that lagging behind can be said.
        delivered: events delivered, on the scale of the feed's `appended`.
        behind_since: loop time since when events wait for this viewer's socket, or None.
    """

    __slots__ = (
        "behind_since",
        "caught_up",
        "connection",
        "cursor",
        "delivered",
        "feed",
        "head",
        "over",
        "was_live",
    )

    def __init__(self, feed: Feed, connection: Connection, cursor: int, head: int) -> None:
        self.feed = feed
        self.connection = connection
        self.cursor = cursor
        self.head = head
        self.caught_up = False
        self.was_live = False
        self.delivered = feed.appended
        self.behind_since: float | None = None
        self.over = False
