"""What is read from the log and what became of what was written, and who can do either.

An offset is the position of a record. A *next offset* is the first position not read yet; what is
committed, stored and resumed from is always the next offset.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, Self

from durable_streaming.schemas import TopicSpec

Headers = Sequence[tuple[str, bytes]]
Place = tuple[str, int]
"""A topic and one of its partitions."""

KeyValue = tuple[bytes | None, bytes | None]
"""Key and value of a record to append."""


def known(number: int | None) -> int:
    """Give a number of the Kafka client's, -1 where it has none."""
    return -1 if number is None else number


class Record(NamedTuple):
    """One record as the broker keeps it; `timestamp_ms` is the broker's where the topic says so."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Headers = ()


class Stored(NamedTuple):
    """The record is in the log; `offset` is None where the broker recognised a repeated sending."""

    partition: int
    offset: int | None


class Failed(NamedTuple):
    """The record is certainly not in the log."""

    error: str


class Unknown(NamedTuple):
    """The record may be in the log or not."""

    error: str


Outcome = Stored | Failed | Unknown


class Reader(Protocol):
    """Reads places from positions that its caller chose; knows no group, commits nothing."""

    @property
    def positions(self) -> Mapping[Place, int]:
        """The next offset of each place; control records of transactions are passed over."""

    def read(self, timeout_s: float, max_records: int = 500) -> list[Record]:
        """Wait for the first record at most `timeout_s`, then take what else is there.

        Raises:
            OffsetOutOfRange: a position isn't kept any more, or was never there.
            EventLogError: the log can't be read.
        """

    def at_end(self, place: Place) -> bool:
        """Say whether the end of the place was reached and nothing has come since."""

    def pause(self, places: Sequence[Place]) -> None:
        """Read nothing from these places until `resume`."""

    def resume(self, places: Sequence[Place]) -> None:
        """Read from these places again."""

    def close(self) -> None:
        """Release the connection."""

    def __enter__(self) -> Self:
        """Give the reader, to be closed at the end."""

    def __exit__(self, *_: object) -> None:
        """Close."""


class Writer(Protocol):
    """Appends records; the outcome of each comes when the writer polls."""

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
        on_outcome: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Take a record for sending; the order of a partition is the order of the calls.

        Args:
            topic: where to.
            key: raw bytes; places the record unless `partition` is given.
            value: raw bytes.
            partition: where to exactly.
            headers: of the record.
            on_outcome: called once, in the thread that polls, flushes or closes.

        Raises:
            BufferFull: not taken; poll, then try again.
            RecordTooLarge: not taken, and never will be.
        """

    def poll(self, timeout_s: float = 0) -> int:
        """Serve outcomes; gives how many were served."""

    def flush(self, timeout_s: float) -> int:
        """Wait until every record has its outcome; gives how many have none yet."""

    def close(self, timeout_s: float = 5) -> None:
        """Flush, then give what is left the outcome `Unknown`."""


class TransactionalWriter(Protocol):
    """Appends records that become visible together or not at all."""

    def fence(self) -> None:
        """Take the transactional id over: earlier writers are fenced, their transaction aborted.

        Raises:
            LogUnavailable: the broker did not answer.
        """

    def begin(self) -> None:
        """Open a transaction."""

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int,
        headers: Headers | None = None,
    ) -> None:
        """Add a record to the transaction."""

    def append_all(self, topic: str, records: Iterable[KeyValue], *, partition: int) -> None:
        """Add at least one record, without headers, in order; cheaper than one by one."""

    def commit(self) -> Mapping[Place, int]:
        """Make the transaction visible.

        Returns:
            The next offset after the last record, for each place written to.

        Raises:
            Fenced: another writer took over; nothing became visible.
            TransactionAborted: nothing became visible; it may be tried again.
            LogUnavailable: not known whether it became visible; fence and read to find out.
        """

    def abort(self) -> None:
        """Throw the transaction away."""

    def close(self) -> None:
        """Release the connection."""


class TopicInfo(NamedTuple):
    """What the broker says of a topic.

    Attributes:
        topic_id: names this incarnation of the topic.
        replicas: of partition 0.
    """

    name: str
    topic_id: str
    partitions: int
    replicas: int


class Admin(Protocol):
    """Makes and describes topics."""

    def ensure_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create the topics that are missing; gives their names.

        Raises:
            TopicMismatch: one exists with another number of partitions.
            LogUnavailable: the broker did not answer.
        """

    def describe(self, topic: str) -> TopicInfo:
        """Describe a topic.

        Raises:
            TopicMissing: it is not there.
        """

    def watermarks(self, topic: str) -> dict[int, tuple[int, int]]:
        """Give the low and high watermark of each partition, asked at this moment."""

    def close(self) -> None:
        """Release the connection."""


class Log(Protocol):
    """A log, wherever it is kept."""

    def reader(self, positions: Mapping[Place, int]) -> Reader:
        """Open a reader at these next offsets."""

    def writer(self, client_id: str = "durable") -> Writer:
        """Open a writer."""

    def transactional_writer(self, transactional_id: str) -> TransactionalWriter:
        """Open a transactional writer."""

    def admin(self) -> Admin:
        """Open an admin client."""
