"""Token buckets: how often somebody may ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

# What is saved up while nothing is asked, in seconds of the rate.
_BURST_S = 10.0
_MAX_BUCKETS = 10_000


class Bucket:
    """One token a request; they come back at a rate, up to ten seconds' worth."""

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        """Begin full.

        Args:
            rate: tokens a second; 0 for no limit.
            now: the clock's time, as in `take`.
        """
        self._rate = rate
        self._tokens = rate * _BURST_S
        self._at = now

    def take(self, now: float) -> bool:
        """Take a token; says whether there was one."""
        if not self._rate:
            return True
        self._tokens = min(self._rate * _BURST_S, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RateLimiter:
    """A bucket for each of many; those that did not ask for longest are forgotten first.

    Who is forgotten begins full again, so the memory is bounded and the limit is not exact when
    more ask than are remembered.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def allows(self, who: str) -> bool:
        """Count a request; says whether it may go on."""
        if not self._rate:
            return True
        now = self._clock()
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = Bucket(self._rate, now)
            if len(self._buckets) > _MAX_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(who)
        return bucket.take(now)
