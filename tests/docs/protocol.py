"""The examples of `docs/protocol.md` as the code takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import canonical, decode, is_control_type, partition_for
from tests.docs.markdown import DOCS, blocks

TEXT = (DOCS / "protocol.md").read_text("utf-8")
RUN = "guide-7"
SHORT_RUN = "guide-8"
PARTITIONS = 12
EPOCH = "3r0ZkQ1bSfKx7Yt2mJ9wVA"


class Record(NamedTuple):
    topic: str
    offset: int
    key: bytes
    value: bytes
    timestamp_ms: int


def run_values() -> list[bytes]:
    """The log that the derived records and the sessions of the document come from."""
    (block,) = blocks(TEXT, "run")
    return [line.encode() for line in block.lines]


def short_values(lines: Sequence[str], *notes: str) -> list[bytes]:
    """Whole events from the short form, without the members that are notes of the document."""
    values = []
    for number, line in enumerate(lines):
        given = {name: value for name, value in decode(line).items() if name not in notes}
        event = {
            "schema_version": 1,
            "run_id": SHORT_RUN,
            "time": f"2026-11-23T15:41:{number:02}Z",
        }
        if not is_control_type(given["type"]):
            event |= {"producer_id": "p-1", "producer_epoch": 0}
        values.append(canonical(event | given))
    return values


class Fold:
    """The fold of one run's events, alone in its partition."""

    def __init__(self, run_id: str) -> None:
        self.key = run_id.encode()
        self.store = MemoryStore()
        self._fold = PartitionFold(
            partition_for(self.key, PARTITIONS), PARTITIONS, store=self.store
        )

    def feed(self, values: Sequence[bytes]) -> Fold:
        for value in values:
            offset = self._fold.next_offset
            self._fold.feed(Record("runs.events", offset, self.key, value, 1_000 * offset))
            self.store.commit(self._fold.drain())
        assert not [letter for letter in self.store.letters if letter.topic == "dead_letters"]
        return self

    def stored(self, topic: Any) -> bytes | None:
        return self.store.get(topic, self.key)

    def value(self, topic: Any) -> Any:
        found = self.stored(topic)
        return None if found is None else decode(found)


def fold(run_id: str, values: Sequence[bytes]) -> Fold:
    return Fold(run_id).feed(values)
