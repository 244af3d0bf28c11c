"""Times of events, as numbers."""

from __future__ import annotations

from durable_streaming.schemas import parse_time


def to_ms(time: str | None) -> int:
    """Return an event's time in milliseconds since 1970, 0 where there is none."""
    if time is None:
        return 0
    try:
        return max(0, int(parse_time(time).timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0
