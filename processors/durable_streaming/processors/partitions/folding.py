"""What the shell asks of the fold of one partition; `processors.fold` has the real one."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ..fold import Derived, DerivedStore, LogRecord, ReadRecord


class Fold(Protocol):
    """Everything derived from one source partition."""

    @property
    def next_offset(self) -> int:
        """The first source offset not folded yet."""

    @property
    def run_ended(self) -> bool:
        """Whether a run ended since the last drain."""

    @property
    def pending_bytes(self) -> int:
        """Bytes of the values fed since the last drain."""

    def feed_all(self, records: Iterable[LogRecord]) -> None:
        """Fold records in the order of their offsets; never raises for bad input."""

    def drain(self) -> Sequence[Derived]:
        """Return everything changed since the last drain."""

    def due_timeouts(self, now_ms: int, idle_ms: int) -> Sequence[tuple[bytes, bytes]]:
        """Return key and value of the `run.timed_out` events to append."""


RestoreFold = Callable[[int, int, DerivedStore, ReadRecord], Fold]
"""Makes a fold from a recovered store: partition, partition count, store, record by offset."""
