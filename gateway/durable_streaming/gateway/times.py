"""Times of events, as numbers."""

from __future__ import annotations

import re
from datetime import datetime

# `fromisoformat` takes at most six fraction digits; an event may have nine.
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")


def to_ms(time: str | None) -> int:
    """Return an event's time in milliseconds since 1970, 0 where there is none."""
    if time is None:
        return 0
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", time))
        return max(0, int(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0
