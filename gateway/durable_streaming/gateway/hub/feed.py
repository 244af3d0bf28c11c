"""One run as the loop knows it: its ring, its viewers, and whether it is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from durable_streaming.gateway.hub.ring import Ring
from durable_streaming.gateway.store import Summary

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
        head: one past the run's last event that the loop has.
        flushed: where the head was at the last flush; there stands who keeps up.
        appended: events that came since the feed began.
        waiting_ms: broker's timestamps of events since the last flush.
        newest_ms: broker's timestamp of the last event, 0 before the first.
    """

    __slots__ = (
        "appended",
        "final",
        "flushed",
        "head",
        "newest_ms",
        "partition",
        "ring",
        "run_id",
        "subscriptions",
        "waiting_ms",
    )

    def __init__(self, run_id: str, partition: int, ring: Ring, head: int) -> None:
        self.run_id = run_id
        self.partition = partition
        self.ring = ring
        self.head = self.flushed = head
        self.final: Final | None = None
        self.appended = 0
        self.newest_ms = 0
        self.subscriptions: set[Subscription] = set()
        self.waiting_ms: list[int] = []
