"""What the derived topics hold, and what they should hold by the pure fold of the log."""

from collections import defaultdict
from typing import NamedTuple

from durable_streaming.eventlog import Log, Record
from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import Topics

TABLES = ("drafts", "packets", "reconciliations", "state")
STREAMS = ("dead_letters", "control")

Letter = tuple[str, int, bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]


class Contents(NamedTuple):
    """Last values of the tables by (table, partition, key); all records of the other topics."""

    tables: dict[tuple[str, int, bytes], bytes]
    letters: list[Letter]


def read_all(log: Log, topic: str) -> list[Record]:
    """Read a topic from its low to its high watermarks of this moment."""
    admin = log.admin()
    marks = {(topic, p): mark for p, mark in admin.watermarks(topic).items()}
    admin.close()
    begin = {place: low for place, (low, high) in marks.items() if low < high}
    records: list[Record] = []
    if begin:
        with log.reader(begin) as reader:
            while any(reader.positions[place] < marks[place][1] for place in begin):
                records += reader.read(1.0, 10_000)
    return records


def folded(log: Log, topics: Topics, *, drain_every: int = 700) -> Contents:
    """Fold the source from its beginning, in this process."""
    admin = log.admin()
    partitions = admin.describe(topics.events).partitions
    admin.close()
    by_partition: dict[int, list[Record]] = defaultdict(list)
    for record in read_all(log, topics.events):
        by_partition[record.partition].append(record)
    tables: dict[tuple[str, int, bytes], bytes] = {}
    letters: list[Letter] = []
    for partition, records in by_partition.items():
        store = MemoryStore()
        fold = PartitionFold(partition, partitions, store=store)
        for number, record in enumerate(records, 1):
            fold.feed(record)
            if number % drain_every == 0:
                store.commit(fold.drain())
        store.commit(fold.drain())
        for table in ("drafts", "packets", "reconciliations", "state"):
            for key, value in store.scan(table, b""):
                tables[table, partition, key] = value
        letters += [(r.topic, partition, r.key, r.value, tuple(r.headers)) for r in store.letters]
    return Contents(tables, sorted(letters, key=repr))


def stored(log: Log, topics: Topics) -> Contents:
    """Read what the processors committed."""
    tables: dict[tuple[str, int, bytes], bytes] = {}
    for table in TABLES:
        for record in read_all(log, getattr(topics, table)):
            assert record.key is not None
            place = (table, record.partition, record.key)
            if record.value is None:
                tables.pop(place, None)
            else:
                tables[place] = record.value
    letters: list[Letter] = [
        (name, r.partition, r.key, r.value, tuple(r.headers))
        for name in STREAMS
        for r in read_all(log, getattr(topics, name))
    ]
    return Contents(tables, sorted(letters, key=repr))


def differences(expected: Contents, found: Contents) -> list[str]:
    """Name what differs, the shortest way that helps: keys, and counts of letters."""
    keys = expected.tables.keys() | found.tables.keys()
    names = []
    for place in sorted(keys):
        if expected.tables.get(place) != found.tables.get(place):
            table, partition, key = place
            what = "differs" if place in found.tables else "missing"
            names.append(f"{table}[{partition}] {key!r} {what}")
    if expected.letters != found.letters:
        names.append(f"letters: {len(expected.letters)} expected, {len(found.letters)} found")
    return names
