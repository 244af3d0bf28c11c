"""How much a partition's transactions may write for what was read."""

from collections.abc import Callable
from typing import Final

# Each commit writes a run's head anew, with the tail of its text and that tail's deltas. Where
# deltas are short, heads at every interval would come to several times what the agents write.
_WRITTEN_PER_READ: Final = 2

# Of a partition where little happens nobody minds the bytes, and its runs are shown sooner.
_FREE_BYTES_PER_S: Final = 10_000


class WriteBudget:
    """Whether enough was read for another transaction like the last.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._written_at = clock()
        self._written = 0

    def affords(self, read: int) -> bool:
        """Say whether so many bytes of source records, and the time gone by, are worth writing."""
        free = (self._clock() - self._written_at) * _FREE_BYTES_PER_S
        return _WRITTEN_PER_READ * read + free >= self._written

    def spend(self, written: int) -> None:
        """Note the bytes of a transaction: the next one will be about as large."""
        self._written_at = self._clock()
        self._written = written
