"""The derived topics of one partition, in memory."""

from collections.abc import Iterable, Iterator

from durable_streaming.processors.fold.ports import Derived, DerivedTopic


class MemoryStore:
    """A `DerivedStore` for folds that keep nothing: offline evaluation and tests.

    Attributes:
        letters: dead letters and forwarded control events, which have no last value per key.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[DerivedTopic, bytes], bytes] = {}
        self.letters: list[Derived] = []

    def commit(self, records: Iterable[Derived]) -> None:
        """Take what `PartitionFold.drain` gave."""
        for record in records:
            if record.topic in ("dead_letters", "control") or record.key is None:
                self.letters.append(record)
            elif record.value is None:
                self._values.pop((record.topic, record.key), None)
            else:
                self._values[record.topic, record.key] = record.value

    def get(self, topic: DerivedTopic, key: bytes) -> bytes | None:
        """Give the last value, None where there is none."""
        return self._values.get((topic, key))

    def scan(self, topic: DerivedTopic, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give the keys that begin with `prefix`, with their values, in order."""
        for of, key in sorted(self._values):
            if of == topic and key.startswith(prefix):
                yield key, self._values[of, key]
