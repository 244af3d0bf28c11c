"""The thinnest shell around the product's fold: a store, commits, crashes, and recovery."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from durable_streaming.eventlog import Record
from durable_streaming.processors.fold import Derived, PartitionFold

from .generators.logs import GeneratedLog
from .reference import DeadLetter, Folded, LogRecord

Topic = Literal["drafts", "packets", "reconciliations", "control", "dead_letters", "state"]
COMPARED_TOPICS = ("drafts", "packets", "reconciliations")


class Committed:
    """What transactions have written: last values per key, and the two topics without keys."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, bytes], bytes] = {}
        self.letters: list[DeadLetter] = []
        self.control: list[tuple[bytes, bytes]] = []

    def get(self, topic: Topic, key: bytes) -> bytes | None:
        return self.values.get((topic, key))

    def scan(self, topic: Topic, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        found = [(key, value) for (name, key), value in self.values.items() if name == topic]
        return iter(sorted((key, value) for key, value in found if key.startswith(prefix)))

    def commit(self, derived: list[Derived]) -> None:
        for record in derived:
            if record.topic == "dead_letters":
                headers = {name: value.decode() for name, value in record.headers}
                assert headers.pop("topic").endswith("events")
                assert headers.pop("detail") != ""
                self.letters.append(DeadLetter(record.key, record.value, headers))
                continue
            assert record.key is not None
            if record.topic == "control":
                assert record.value is not None
                self.control.append((record.key, record.value))
            elif record.value is None:
                self.values.pop((record.topic, record.key), None)
            else:
                self.values[record.topic, record.key] = record.value

    @property
    def compared(self) -> dict[tuple[str, bytes], bytes]:
        """The values that the protocol describes; the state is the product's own."""
        return {place: v for place, v in self.values.items() if place[0] in COMPARED_TOPICS}


class Shell:
    """Feeds a log to the product's fold and commits what it gives."""

    def __init__(self, log: GeneratedLog) -> None:
        self.log = log
        self.committed = Committed()
        self.fold = PartitionFold(log.partition, log.partitions, store=self.committed)
        self.by_offset = {record.offset: record for record in log.records}

    def fed(self, record: LogRecord) -> Record:
        return Record("runs.events", *record[:2], record.key, record.value, record.offset)

    def drain(self) -> None:
        self.committed.commit(self.fold.drain())

    def crash(self) -> int:
        """Lose what was not committed and recover; gives the index to read on from."""
        self.fold = PartitionFold.restore(
            self.log.partition,
            self.log.partitions,
            self.committed,
            lambda offset: self.fed(self.by_offset[offset]),
        )
        offsets = [record.offset for record in self.log.records]
        return sum(offset < self.fold.next_offset for offset in offsets)

    def run(self, drains: Collection[int] = (), crashes: Collection[int] = ()) -> Committed:
        """Fold the whole log; drain and crash once after so many records, then drain at the end."""
        records = self.log.records
        to_crash = set(crashes)
        index = 0
        while index < len(records):
            self.fold.feed(self.fed(records[index]))
            index += 1
            if index in drains:
                self.drain()
            if index in to_crash:
                to_crash.remove(index)
                index = self.crash()
        self.drain()
        return self.committed


def differences(expected: Folded, actual: Committed) -> list[str]:
    """Every difference, the first ones in full; empty where both are the same."""
    found = []
    places = dict.fromkeys([*expected.standing, *actual.compared])
    for place in places:
        wanted, given = expected.standing.get(place), actual.compared.get(place)
        if wanted != given:
            found.append(f"{place}:\n  reference {wanted!r}\n  product   {given!r}")
    if expected.dead_letters != actual.letters:
        found.append(f"dead letters:\n  {expected.dead_letters!r}\n  {actual.letters!r}")
    if expected.control != actual.control:
        found.append(f"control:\n  {expected.control!r}\n  {actual.control!r}")
    return found
