"""Streaming at a pace that a person can watch."""

import asyncio
import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\S+\s*|\s+")


def tokens(text: str) -> Iterator[str]:
    """Cut text into words with the space after them, roughly what models stream."""
    return iter(_TOKEN.findall(text))


class Pace:
    """Spaces tokens evenly; `None` for as fast as possible.

    Sleeps towards a schedule rather than for a fixed time, so that the time that publishing takes
    is not added to it.
    """

    def __init__(self, tokens_per_second: float | None) -> None:
        if tokens_per_second is not None and tokens_per_second <= 0:
            raise ValueError(f"tokens per second must be above 0, not {tokens_per_second}")
        self._interval = 1 / tokens_per_second if tokens_per_second else 0.0
        self._next: float | None = None

    async def wait(self, tokens: int = 1) -> None:
        """Wait for the time that `tokens` take; yields to other runs at any pace."""
        now = asyncio.get_running_loop().time()
        # After a pause (a search, a slow broker) go on at the pace instead of catching up at once.
        self._next = max((self._next or now) + tokens * self._interval, now)
        await asyncio.sleep(self._next - now)
