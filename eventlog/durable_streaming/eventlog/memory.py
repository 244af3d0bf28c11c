"""A log in memory, held to the same contract suite as Kafka's: for users' tests and for ours.

It knows partitions, offsets, transactions with fencing and a low watermark; it knows neither
replication nor time-outs.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import uuid4

from durable_streaming.eventlog.clock import Clock, SystemClock
from durable_streaming.eventlog.errors import (
    EventLogError,
    Fenced,
    OffsetOutOfRange,
    RecordTooLarge,
    TopicMismatch,
    TopicMissing,
)
from durable_streaming.eventlog.types import (
    Headers,
    KeyValue,
    Outcome,
    Place,
    Record,
    Stored,
    TopicInfo,
)
from durable_streaming.schemas import TopicSpec, partition_for


@dataclass(slots=True)
class _Topic:
    spec: TopicSpec
    topic_id: str = field(default_factory=lambda: uuid4().hex)
    low: dict[int, int] = field(default_factory=dict)
    records: dict[int, list[Record]] = field(default_factory=dict)

    def partition(self, partition: int) -> list[Record]:
        return self.records.setdefault(partition, [])


class MemoryLog:
    """A whole log in this process; see `eventlog.types.Log`."""

    def __init__(self, specs: Sequence[TopicSpec] = (), clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._topics: dict[str, _Topic] = {}
        self._owners: dict[str, object] = {}
        self._changed = threading.Condition()
        self.admin().ensure_topics(specs)

    def reader(self, positions: Mapping[Place, int]) -> "MemoryReader":
        """Open a reader at these next offsets."""
        return MemoryReader(self, positions)

    def writer(self, client_id: str = "durable") -> "MemoryWriter":
        """Open a writer."""
        return MemoryWriter(self)

    def transactional_writer(self, transactional_id: str) -> "MemoryTransactionalWriter":
        """Open a transactional writer."""
        return MemoryTransactionalWriter(self, transactional_id)

    def admin(self) -> "MemoryAdmin":
        """Open an admin client."""
        return MemoryAdmin(self)

    def topic(self, name: str) -> _Topic:
        """Find a topic.

        Raises:
            TopicMissing: it is not there.
        """
        topic = self._topics.get(name)
        if topic is None:
            raise TopicMissing(f"no topic {name} (create the topics with `durable topics`)")
        return topic

    def store(
        self,
        name: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        headers: Headers | None,
    ) -> Stored:
        """Append one record."""
        topic = self.topic(name)
        if partition is None:
            partition = partition_for(key or b"", topic.spec.partitions)
        limit = int(topic.spec.config.get("max.message.bytes", 1_048_588))
        if len(key or b"") + len(value or b"") > limit:
            raise RecordTooLarge(f"more than {limit} bytes for {name}")
        with self._changed:
            records = topic.partition(partition)
            offset = len(records)
            now = self._clock.now_ms()
            records.append(Record(name, partition, offset, key, value, now, tuple(headers or ())))
            self._changed.notify_all()
        return Stored(partition, offset)


class MemoryReader:
    """Reads a `MemoryLog`; see `eventlog.types.Reader`."""

    def __init__(self, log: MemoryLog, positions: Mapping[Place, int]) -> None:
        self._log = log
        self._positions = dict(positions)
        self._paused: set[Place] = set()

    @property
    def positions(self) -> Mapping[Place, int]:
        """The next offset of each place."""
        return self._positions

    def read(self, timeout_s: float, max_records: int = 500) -> list[Record]:
        """Wait for the first record at most `timeout_s`, then take what else is there."""
        deadline = time.monotonic() + timeout_s
        with self._log._changed:
            while not (found := self._ready(max_records)):
                left = deadline - time.monotonic()
                if left <= 0 or not self._log._changed.wait(left):
                    return []
        return found

    def _ready(self, max_records: int) -> list[Record]:
        found: list[Record] = []
        for place, offset in self._positions.items():
            topic = self._log.topic(place[0])
            records = topic.partition(place[1])
            if not topic.low.get(place[1], 0) <= offset <= len(records):
                raise OffsetOutOfRange(*place, offset)
            if place not in self._paused:
                taken = records[offset : offset + max_records - len(found)]
                self._positions[place] = offset + len(taken)
                found += taken
        return found

    def at_end(self, place: Place) -> bool:
        """Say whether the end of the place was reached and nothing has come since."""
        return self._positions[place] >= len(self._log.topic(place[0]).partition(place[1]))

    def pause(self, places: Sequence[Place]) -> None:
        """Read nothing from these places until `resume`."""
        self._paused.update(places)

    def resume(self, places: Sequence[Place]) -> None:
        """Read from these places again."""
        self._paused.difference_update(places)

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class MemoryWriter:
    """Writes to a `MemoryLog`; outcomes come when it polls, as with Kafka."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        # Another thread may append while this one polls.
        self._outcomes: deque[tuple[Callable[[Outcome], None], Outcome]] = deque()

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
        """Append a record."""
        stored = self._log.store(topic, key, value, partition, headers)
        if on_outcome is not None:
            self._outcomes.append((on_outcome, stored))

    def poll(self, timeout_s: float = 0) -> int:
        """Serve outcomes; gives how many were served."""
        served = 0
        while self._outcomes:
            on_outcome, outcome = self._outcomes.popleft()
            on_outcome(outcome)
            served += 1
        return served

    def flush(self, timeout_s: float) -> int:
        """Serve all outcomes."""
        while self.poll():
            pass
        return 0

    def close(self, timeout_s: float = 5) -> None:
        """Serve all outcomes."""
        self.flush(timeout_s)


class MemoryTransactionalWriter:
    """Writes to a `MemoryLog` in transactions; aborted records take no offset."""

    def __init__(self, log: MemoryLog, transactional_id: str) -> None:
        self._log = log
        self._id = transactional_id
        self._open: list[tuple[str, bytes | None, bytes | None, int, Headers | None]] | None = None

    def fence(self) -> None:
        """Take the transactional id over."""
        self._log._owners[self._id] = self

    def begin(self) -> None:
        """Open a transaction."""
        self._must_own()
        if self._open is not None:
            raise EventLogError("a transaction is open: commit or abort it first")
        self._open = []

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
        if self._open is None:
            raise EventLogError("no transaction is open: begin one first")
        self._log.topic(topic)
        self._open.append((topic, key, value, partition, headers))

    def append_all(self, topic: str, records: Iterable[KeyValue], *, partition: int) -> None:
        """Add at least one record, without headers, in order."""
        for key, value in records:
            self.append(topic, key, value, partition=partition)

    def commit(self) -> Mapping[Place, int]:
        """Make the transaction visible."""
        self._must_own()
        records, self._open = self._open or [], None
        ends: dict[Place, int] = {}
        for record in records:
            stored = self._log.store(*record)
            ends[record[0], stored.partition] = (stored.offset or 0) + 1
        return ends

    def abort(self) -> None:
        """Throw the transaction away."""
        self._open = None

    def close(self) -> None:
        """Nothing to release."""
        self._open = None

    def _must_own(self) -> None:
        if self._log._owners.get(self._id) is not self:
            raise Fenced(f"another writer took {self._id} over")


class MemoryAdmin:
    """Makes and describes the topics of a `MemoryLog`."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def ensure_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create the topics that are missing; gives their names."""
        created: list[str] = []
        for spec in specs:
            found = self._log._topics.get(spec.name)
            if found is None:
                self._log._topics[spec.name] = _Topic(spec)
                created.append(spec.name)
            elif found.spec.partitions != spec.partitions:
                raise TopicMismatch(f"topic {spec.name} has {found.spec.partitions} partitions")
        return created

    def describe(self, topic: str) -> TopicInfo:
        """Describe a topic."""
        found = self._log.topic(topic)
        return TopicInfo(topic, found.topic_id, found.spec.partitions, found.spec.replication)

    def watermarks(self, topic: str) -> dict[int, tuple[int, int]]:
        """Give the low and high watermark of each partition."""
        found = self._log.topic(topic)
        return {
            p: (found.low.get(p, 0), len(found.partition(p))) for p in range(found.spec.partitions)
        }

    def delete_before(self, positions: Mapping[Place, int]) -> None:
        """Raise low watermarks; -1 removes all there is."""
        for (name, partition), offset in positions.items():
            topic = self._log.topic(name)
            topic.low[partition] = len(topic.partition(partition)) if offset == -1 else offset

    def close(self) -> None:
        """Nothing to release."""
