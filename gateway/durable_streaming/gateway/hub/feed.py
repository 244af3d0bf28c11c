"""One run as the loop knows it: its ring, its viewers, and whether it is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from durable_streaming.gateway.hub.ring import Ring
from durable_streaming.gateway.store import Incoming, Summary

if TYPE_CHECKING:
    from durable_streaming.gateway.hub.subscription import Subscription


class Final(NamedTuple):
    """How a run ended.

    Attributes:
        applied: offset of the last record the verdict took into account.
    """

    status: str
    verdict: str
    applied: int

    @classmethod
    def of(cls, summary: Summary | None) -> Final | None:
        """Read it from a run's summary; None while packet or verdict are missing."""
        if summary is None or not summary.settled or summary.verdict is None:
            return None
        return cls(summary.status, summary.verdict, summary.verdict_applied)


class Feed:
    """A run that has viewers or recent frames.

    Attributes:
        head: one past the run's last event that is known; a row of the store may know more than
            came here.
        arrived: one past the last event that came here.
        waiting: what came since the last flush, where there are viewers.
        flushed: where `waiting` begins; there stands who keeps up.
        appended: events that came since the feed began.
    """

    __slots__ = (
        "appended",
        "arrived",
        "final",
        "flushed",
        "head",
        "partition",
        "ring",
        "run_id",
        "subscriptions",
        "waiting",
    )

    def __init__(self, run_id: str, partition: int, ring: Ring, head: int) -> None:
        self.run_id = run_id
        self.partition = partition
        self.ring = ring
        self.head = self.arrived = self.flushed = head
        self.final: Final | None = None
        self.appended = 0
        self.subscriptions: set[Subscription] = set()
        self.waiting: list[Incoming] = []

    def take_in(self, events: Incoming) -> int:
        """Take events in; says by how many bytes the ring has grown or shrunk."""
        offsets = events.offsets
        self.appended += len(offsets)
        # A viewer that came meanwhile may have had some of them from the store.
        fresh = events if offsets[0] >= self.arrived else events.since(self.arrived)
        self.arrived = max(self.arrived, offsets[-1] + 1)
        self.head = max(self.head, self.arrived)
        if not self.subscriptions:
            self.flushed, self.waiting = self.arrived, []
        elif fresh is not None:
            self.waiting.append(fresh)
        return self.ring.extend(offsets, events.frames, events.size)
