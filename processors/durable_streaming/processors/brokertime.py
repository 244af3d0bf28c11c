"""The broker's time as a worker can know it: its own clock, put right by records seen live."""

from typing import Final

from durable_streaming.eventlog import Clock, SystemClock

# One late delivery must not shift the clock for long, a clock that was set must be followed.
_FOLLOW: Final = 1 / 16


class BrokerTime:
    """Estimates the broker's clock.

    A record delivered live was appended a moment ago by the broker's clock, so the difference to
    ours is the clocks' difference plus the delivery, which is never negative: the smallest
    difference is the truest. Until a record was seen live both clocks are taken to agree.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._ahead_ms: float | None = None

    def observe(self, timestamp_ms: int) -> None:
        """Learn from the append time of a record that was delivered live."""
        ahead = self._clock.now_ms() - timestamp_ms
        if self._ahead_ms is None or ahead < self._ahead_ms:
            self._ahead_ms = ahead
        else:
            self._ahead_ms += (ahead - self._ahead_ms) * _FOLLOW

    def now_ms(self) -> int:
        """Milliseconds since 1970 by the broker's clock."""
        return self._clock.now_ms() - round(self._ahead_ms or 0)
