"""Every run of the log, folded from the beginning by the code that the processors run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from durable_streaming.evaluation.pinned import OnProgress, Pinned, pin, read_partition
from durable_streaming.eventlog import Log, Record
from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import Event, Topics, decode, judge


@dataclass(slots=True)
class Entry:
    """One valid event and where it stands."""

    offset: int
    timestamp_ms: int
    event: Event


@dataclass(slots=True)
class RunRecord:
    """One run with all that is known of it.

    Attributes:
        entries: its valid events, in the order of the log.
        draft: the head where the run has not ended, `text` being the whole text.
        packet: where it has ended; `text` is whole.
        reconciliation: where it has ended.
        expired: retention removed the run's first records, so the fold is not the run's.
    """

    run_id: str
    partition: int
    entries: list[Entry] = field(default_factory=list)
    draft: dict[str, Any] | None = None
    packet: dict[str, Any] | None = None
    reconciliation: dict[str, Any] | None = None
    expired: bool = False

    @property
    def status(self) -> str:
        """`running`, or how the run ended."""
        return str(self.packet["status"]) if self.packet is not None else "running"

    @property
    def verdict(self) -> str | None:
        """The verdict, where the run has ended."""
        return None if self.reconciliation is None else str(self.reconciliation["verdict"])

    @property
    def text(self) -> str:
        """The answer, or the draft's text so far."""
        if self.packet is not None:
            return str(self.packet["text"])
        return str(self.draft["text"]) if self.draft is not None else ""


def read_runs(
    log: Log,
    topics: Topics,
    *,
    pinned: Pinned | None = None,
    on_progress: OnProgress | None = None,
) -> Iterator[RunRecord]:
    """Fold every run up to the end of the topic as of now.

    Runs come partition by partition, in the order of their first records; one partition is held
    in memory at a time.

    Args:
        log: where the events are.
        topics: how the topics are called.
        pinned: the range of the events topic, where the caller has fixed it already.
        on_progress: told how far the reading is.

    Raises:
        LogShrank: retention overtook the reading.
        EventLogError: the log can't be read.
    """
    pinned = pinned or pin(log, topics.events)
    passed = 0
    for partition in sorted(pinned.end):
        done = passed

        def report(offsets: int, _: int, done: int = done) -> None:
            if on_progress is not None:
                on_progress(done + offsets, pinned.size)

        yield from _fold_partition(
            read_partition(log, pinned, partition, report), pinned, partition
        )
        passed += pinned.end[partition] - pinned.begin[partition]


def _fold_partition(
    records: Iterator[Record], pinned: Pinned, partition: int
) -> Iterator[RunRecord]:
    partitions = len(pinned.end)
    store = MemoryStore()
    fold = PartitionFold(partition, partitions, store=store)
    runs: dict[str, RunRecord] = {}
    for count, record in enumerate(records, 1):
        fold.feed(record)
        event = judge(record.value, record.key, partition, partitions)
        if isinstance(event, Event):
            run = runs.setdefault(event.run_id, RunRecord(event.run_id, partition))
            run.entries.append(Entry(record.offset, record.timestamp_ms, event))
        if count % 10_000 == 0:
            store.commit(fold.drain())
    store.commit(fold.drain())
    may_have_expired = pinned.begin[partition] > 0
    for run in runs.values():
        _attach(run, store)
        run.expired = may_have_expired and all(e.event.seq != 0 for e in run.entries)
        yield run


def _attach(run: RunRecord, store: MemoryStore) -> None:
    key = run.run_id.encode()
    verdict = store.get("reconciliations", key)
    packet = store.get("packets", key)
    head = store.get("drafts", key)
    run.reconciliation = decode(verdict) if verdict is not None else None
    if packet is not None:
        run.packet = decode(packet)
        assert run.packet is not None
        run.packet["text"] = whole_packet_text(run.packet, store)
    elif head is not None:
        run.draft = decode(head)
        assert run.draft is not None
        run.draft["text"] = whole_draft_text(run.draft, store)


def whole_packet_text(packet: dict[str, Any], store: MemoryStore) -> str:
    """Join a packet's text where it stands in chunks."""
    if packet["text"] is not None:
        return str(packet["text"])
    return "".join(
        decode(store.get("packets", f"{packet['run_id']}#{n}".encode()) or b"{}")["text"]
        for n in range(packet["text_chunks"])
    )


def whole_draft_text(head: dict[str, Any], store: MemoryStore) -> str:
    """Join a draft's sealed chunks and its tail, parts in their order."""
    text = head["text"]
    pieces: dict[int, list[str]] = {}
    chunks = [
        decode(store.get("drafts", f"{head['run_id']}#{n}".encode()) or b"{}")
        for n in range(text["chunks"])
    ]
    chunks.append({"text": text["tail"], "deltas": text["deltas"]})
    for chunk in chunks:
        at = 0
        for delta in chunk["deltas"]:
            pieces.setdefault(delta["part"], []).append(chunk["text"][at : at + delta["length"]])
            at += delta["length"]
    return "".join("".join(pieces[part]) for part in sorted(pieces))
