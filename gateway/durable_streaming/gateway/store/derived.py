"""The derived records' last values, and each run's summary made from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec
from rocksdict import WriteBatch

from durable_streaming.gateway.store import keys
from durable_streaming.gateway.store.database import Database
from durable_streaming.gateway.store.rows import Summary

Kind = Literal["drafts", "packets", "reconciliations"]

_LETTERS: dict[Kind, bytes] = {"drafts": b"d", "packets": b"p", "reconciliations": b"r"}
_CACHED_SUMMARIES = 10_000


class DerivedRecord(NamedTuple):
    """One record of a derived topic; a value of None is a tombstone."""

    kind: Kind
    key: bytes
    value: bytes | None


class _Applied(msgspec.Struct):
    offset: int


class _Facts(msgspec.Struct):
    # The part of draft head and packet that the run list shows.
    status: str
    agent: str | None = None
    title: str | None = None
    thread_id: str | None = None
    parent_run_id: str | None = None
    tags: dict[str, str] = {}
    started_at: str | None = None
    updated_at: str | None = None
    ended_at: str | None = None
    applied: _Applied | None = None


class _Verdict(msgspec.Struct):
    verdict: str
    applied: _Applied


_FACTS = msgspec.json.Decoder(_Facts)
_VERDICT = msgspec.json.Decoder(_Verdict)
_SUMMARY = msgspec.json.Decoder(Summary)


class RunView:
    """One run's derived records, all as of one moment."""

    def __init__(self, get: Callable[[bytes], bytes | None], run_id: str) -> None:
        self._get = get
        self._run_id = run_id.encode()

    def summary(self) -> Summary | None:
        """Return what they say together."""
        raw = self._get(keys.summary(self._run_id))
        return None if raw is None else _SUMMARY.decode(raw)

    def value(self, kind: Kind) -> bytes | None:
        """Return the last value of draft head, packet or reconciliation."""
        return self._get(keys.derived(_LETTERS[kind], self._run_id))

    def chunk(self, kind: Kind, number: int) -> bytes | None:
        """Return one chunk of the draft's or packet's text."""
        return self._get(keys.derived(_LETTERS[kind], self._run_id + b"#%d" % number))


class DerivedStore:
    """Drafts, packets and verdicts by run. One thread applies; any thread reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._summaries: OrderedDict[bytes, Summary] = OrderedDict()

    def position(self, topic: str, partition: int) -> int | None:
        """Return the tail's next offset, or None when nothing was read yet."""
        raw = self._database.get(keys.position(topic, partition))
        return None if raw is None else int.from_bytes(raw, "big")

    def apply(
        self, records: Iterable[DerivedRecord], positions: Mapping[tuple[str, int], int]
    ) -> dict[str, Summary]:
        """Store a batch with the positions after it, all or nothing.

        Returns:
            The summaries that changed, by run id.
        """
        batch = self._database.batch()
        changed: dict[bytes, Summary] = {}
        for record in records:
            run_id, _, chunk = record.key.partition(b"#")
            if chunk:
                # A chunk's tombstone waits for its head's: the draft goes as a whole.
                if record.value is not None:
                    batch.put(keys.derived(_LETTERS[record.kind], record.key), record.value)
                continue
            summary = changed.get(run_id) or self._summary_for_writing(run_id)
            changed[run_id] = summary
            if record.value is not None:
                batch.put(keys.derived(_LETTERS[record.kind], run_id), record.value)
            _take_in(summary, record)
        for run_id, summary in changed.items():
            if summary.draft_gone and summary.settled:
                self._drop_draft(batch, run_id)
            batch.put(keys.summary(run_id), msgspec.json.encode(summary))
        for (topic, partition), next_offset in positions.items():
            batch.put(keys.position(topic, partition), next_offset.to_bytes(8, "big"))
        self._database.write(batch)
        while len(self._summaries) > _CACHED_SUMMARIES:
            self._summaries.popitem(last=False)
        return {run_id.decode(): summary for run_id, summary in changed.items()}

    def summary(self, run_id: str) -> Summary | None:
        """Return what the derived records say of a run, or None before the first of them."""
        raw = self._database.get(keys.summary(run_id.encode()))
        return None if raw is None else _SUMMARY.decode(raw)

    def view(self, run_id: str) -> RunView:
        """Freeze what the derived records say of a run now."""
        return RunView(self._database.snapshot(), run_id)

    def _summary_for_writing(self, run_id: bytes) -> Summary:
        summary = self._summaries.get(run_id)
        if summary is None:
            raw = self._database.get(keys.summary(run_id))
            summary = Summary() if raw is None else _SUMMARY.decode(raw)
            self._summaries[run_id] = summary
        else:
            self._summaries.move_to_end(run_id)
        return summary

    @staticmethod
    def _drop_draft(batch: WriteBatch, run_id: bytes) -> None:
        batch.delete(keys.derived(_LETTERS["drafts"], run_id))
        chunks = keys.derived(_LETTERS["drafts"], run_id + b"#")
        batch.delete_range(chunks, keys.after(chunks))


def _take_in(summary: Summary, record: DerivedRecord) -> None:
    if record.value is None:
        if record.kind == "drafts":
            summary.draft_gone = True
        return
    if record.kind == "reconciliations":
        verdict = _VERDICT.decode(record.value)
        summary.verdict = verdict.verdict
        summary.applied = summary.verdict_applied = verdict.applied.offset
        return
    facts = _FACTS.decode(record.value)
    if record.kind == "drafts":
        summary.draft_gone = False
        # After a rebuild the draft comes again before packet and verdict do: what they said of
        # this run holds, for the fold says the same each time.
        if summary.settled:
            return
        if facts.applied is not None:
            summary.applied = facts.applied.offset
    summary.status = facts.status
    summary.agent = facts.agent
    summary.title = facts.title
    summary.thread_id = facts.thread_id
    summary.parent_run_id = facts.parent_run_id
    summary.tags = facts.tags
    summary.started_at = facts.started_at
    summary.updated_at = facts.updated_at or facts.ended_at
    summary.ended_at = facts.ended_at
