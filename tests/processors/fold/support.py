"""A log of one partition to fold, and what the fold of it gives."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

from durable_streaming.processors.fold import Derived, MemoryStore, PartitionFold
from durable_streaming.schemas import canonical, decode

TOPIC = "runs.events"
RUN = "run-1"


class Record(NamedTuple):
    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


class Log:
    """Appends records; every call gives the log back, so that a case reads as one line."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    @property
    def end(self) -> int:
        return len(self.records)

    def raw(self, value: bytes | None, key: bytes | None = RUN.encode()) -> Self:
        self.records.append(Record(TOPIC, self.end, key, value, 1_000 * self.end))
        return self

    def add(
        self,
        kind: str,
        seq: int,
        data: Any = None,
        *,
        epoch: int = 0,
        producer: str = "p-0",
        run_id: str = RUN,
        time: str | None = None,
        **more: Any,
    ) -> Self:
        event = {
            **self._form(kind, run_id, time),
            "seq": seq,
            "producer_id": producer,
            "producer_epoch": epoch,
            **({} if data is None else {"data": data}),
            **more,
        }
        return self.raw(canonical(event), run_id.encode())

    def control(
        self,
        kind: str,
        data: Any = None,
        *,
        run_id: str = RUN,
        time: str | None = None,
        **more: Any,
    ) -> Self:
        event = {
            **self._form(kind, run_id, time),
            **({} if data is None else {"data": data}),
            **more,
        }
        return self.raw(canonical(event), run_id.encode())

    def resumed(self, epoch: int, producer: str, *, run_id: str = RUN) -> Self:
        return self.control(
            "run.resumed", run_id=run_id, producer_epoch=epoch, producer_id=producer
        )

    def timed_out(self, last_seq: int, last_epoch: int, *, run_id: str = RUN) -> Self:
        data = {"idle_seconds": 600, "last_seq": last_seq, "last_epoch": last_epoch}
        return self.control("run.timed_out", data, run_id=run_id)

    def start(self, seq: int = 0, **more: Any) -> Self:
        return self.add("run.started", seq, {"agent": "guide"}, **more)

    def text(self, seq: int, text: str, part: int | None = None, **more: Any) -> Self:
        data = {"text": text} if part is None else {"text": text, "part": part}
        return self.add("text.delta", seq, data, **more)

    def complete(self, seq: int, answer: Any = None, **more: Any) -> Self:
        return self.add("run.completed", seq, {"answer": answer}, **more)

    def _form(self, kind: str, run_id: str, time: str | None) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "run_id": run_id,
            "type": kind,
            "time": time or moment(self.end),
        }


def moment(offset: int) -> str:
    """The time that an event carries unless told."""
    return f"2026-11-23T15:{offset // 60 % 60:02}:{offset % 60:02}Z"


class Folded:
    """What stands in the derived topics at the end."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def value(self, topic: Any, key: bytes) -> Any:
        found = self.store.get(topic, key)
        return None if found is None else decode(found)

    @property
    def head(self) -> Any:
        return self.value("drafts", RUN.encode())

    @property
    def packet(self) -> Any:
        return self.value("packets", RUN.encode())

    @property
    def verdict(self) -> Any:
        return self.value("reconciliations", RUN.encode())

    @property
    def sequence(self) -> Any:
        return self.verdict["sequence"]

    @property
    def letters(self) -> list[Derived]:
        return [letter for letter in self.store.letters if letter.topic == "dead_letters"]

    @property
    def forwarded(self) -> list[Derived]:
        return [letter for letter in self.store.letters if letter.topic == "control"]

    @property
    def violations(self) -> list[tuple[int | None, str]]:
        listed = self.verdict["sequence"]["violations"]
        return [(entry["seq"], entry["slug"]) for entry in listed]


def fold(log: Log | Sequence[Record]) -> Folded:
    """Fold a log of partition 0 of 1 in one go."""
    return Folded(fold_with(log.records if isinstance(log, Log) else log))


def fold_with(
    records: Sequence[Record], drains: Iterable[int] = (), restarts: Iterable[int] = ()
) -> MemoryStore:
    """Fold, commit before the records at `drains`, and start anew before those at `restarts`.

    What a fold that is dropped had not committed is folded again from the committed position.
    """
    drains, restarts = set(drains), set(restarts)
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    for record in records:
        if record.offset in drains:
            store.commit(partition.drain())
        if record.offset in restarts:
            partition = PartitionFold.restore(0, 1, store, records.__getitem__)
            for again in records[partition.next_offset : record.offset]:
                partition.feed(again)
        partition.feed(record)
    store.commit(partition.drain())
    return store
