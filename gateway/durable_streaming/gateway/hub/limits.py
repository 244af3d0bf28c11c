"""The numbers of the back-pressure ladder and of joining, with their reasons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Limits:
    """Bounds of one hub; times in seconds, sizes in bytes.

    Attributes:
        flush_interval: frames of one run within it are joined into one write. A write costs
            microseconds however long it is, so joining is what carries a busy run.
        busy_flush_interval: the same while the loop is busy, and between the two on the way there:
            more is joined, less is spent.
        pause: the first event of a run after so long without any goes out at once.
        chunk_bytes: most bytes joined into one write.
        turn_bytes: most bytes one subscription gets before others have their turn.
        ring_bytes: of one run; older frames are read from the store.
        rings_bytes: of all runs together; those that were quiet longest go first.
        lag_events, lag_seconds: a live viewer further behind is told so, once each time.
        send_deadline: a socket that took no byte for so long while some wait is cut.
        heartbeat: silence after which a heartbeat is sent.
    """

    flush_interval: float = 0.025
    busy_flush_interval: float = 0.045
    pause: float = 0.1
    chunk_bytes: int = 64 * 1024
    turn_bytes: int = 256 * 1024
    ring_bytes: int = 256 * 1024
    rings_bytes: int = 64 * 1024 * 1024
    lag_events: int = 2_000
    lag_seconds: float = 10.0
    send_deadline: float = 10.0
    heartbeat: float = 15.0
