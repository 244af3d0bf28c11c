"""A small world: a log in memory, and the derived topics as processors would have written them."""

import json
from typing import Any

from durable_streaming.eventlog import MemoryLog, Record
from durable_streaming.processors.fold import Derived, MemoryStore, PartitionFold
from durable_streaming.schemas import Topics, partition_for

PARTITIONS = 3
TOPICS = Topics()


def event(run_id: str, seq: int, kind: str, data: Any, **changes: Any) -> bytes:
    form = {
        "schema_version": 1,
        "run_id": run_id,
        "seq": seq,
        "type": kind,
        "time": f"2026-11-23T15:40:{seq % 60:02}.000Z",
        "producer_id": "p",
        "producer_epoch": 0,
        "data": data,
        **changes,
    }
    return json.dumps(form).encode()


class World:
    """Events go in by hand; `process` does what a processor would do."""

    def __init__(self) -> None:
        self.log = MemoryLog(TOPICS.specs(partitions=PARTITIONS))
        self._stores = {p: MemoryStore() for p in range(PARTITIONS)}
        self._folds = {
            p: PartitionFold(p, PARTITIONS, store=store) for p, store in self._stores.items()
        }

    def append(self, key: str, *values: bytes) -> None:
        writer = self.log.writer()
        for value in values:
            writer.append(TOPICS.events, key.encode(), value)
        writer.flush(1)

    def run(self, run_id: str, *texts: str, end: bool = True, final: str | None = None) -> None:
        """Append a whole run."""
        deltas = [event(run_id, n, "text.delta", {"text": t}) for n, t in enumerate(texts, 1)]
        self.append(run_id, event(run_id, 0, "run.started", {"agent": "a"}), *deltas)
        if end:
            answer = {"text": "".join(texts) if final is None else final}
            last = event(run_id, len(texts) + 1, "run.completed", {"answer": answer})
            self.append(run_id, last)

    def process(self) -> None:
        """Fold what is new and publish what comes of it."""
        for partition, fold in self._folds.items():
            for record in self._records(partition, fold.next_offset):
                fold.feed(record)
            drained = fold.drain()
            self._stores[partition].commit(drained)
            self.publish(partition, drained)

    def publish(self, partition: int, derived: list[Derived]) -> None:
        """Write derived records as they are."""
        writer = self.log.transactional_writer(f"p-{partition}")
        writer.fence()
        writer.begin()
        for record in derived:
            name = getattr(TOPICS, record.topic)
            writer.append(
                name, record.key, record.value, partition=partition, headers=record.headers
            )
        writer.commit()

    def _records(self, partition: int, position: int) -> list[Record]:
        with self.log.reader({(TOPICS.events, partition): position}) as reader:
            return reader.read(0, 100_000)


def home(run_id: str) -> int:
    return partition_for(run_id.encode(), PARTITIONS)
