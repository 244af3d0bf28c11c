"""What the fold takes and gives: records of the log, derived records, and the store of them."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, Protocol

DerivedTopic = Literal["drafts", "packets", "reconciliations", "control", "dead_letters", "state"]
"""Which derived topic a record goes to; the names carry the deployment's prefix elsewhere."""


class LogRecord(Protocol):
    """A record of the events topic; `eventlog.Record` is one."""

    @property
    def topic(self) -> str:
        """Name of the events topic, as it stands in dead letters."""

    @property
    def offset(self) -> int:
        """Position of this record."""

    @property
    def key(self) -> bytes | None:
        """The stored key."""

    @property
    def value(self) -> bytes | None:
        """The stored value."""

    @property
    def timestamp_ms(self) -> int:
        """When the broker appended the record, in milliseconds since 1970."""


ReadRecord = Callable[[int], LogRecord | None]
"""Read the record at an offset of this partition; None where retention has removed it."""


class Derived(NamedTuple):
    """One record to write to a derived topic, in the partition that was folded.

    Attributes:
        value: None is a tombstone (of dead letters: the bad record had no value).
    """

    topic: DerivedTopic
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class DerivedStore(Protocol):
    """The last committed value per key of this partition's compacted derived topics."""

    def get(self, topic: DerivedTopic, key: bytes) -> bytes | None:
        """Give the last committed value, None where there is none or a tombstone."""

    def scan(self, topic: DerivedTopic, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give every key that begins with `prefix`, with its value, in the order of keys."""
