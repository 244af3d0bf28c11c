"""The derived records of one run: draft head and chunks, packet and its chunks, reconciliation."""

from __future__ import annotations

from typing import Any

from . import meaning
from .answer import answer_text, reconciled_text, sha256, source_difference
from .canonical_json import canonical_json
from .event_fields import TERMINAL_STATUS
from .history import Entry, History

SEAL_AT = 2_048
MAX_TEXT_BYTES = 524_288
TEXT_CHUNK = 65_536


def derived_records(
    run_id: str, partition: int, history: History
) -> dict[tuple[str, bytes], bytes | None]:
    """The last value of every derived key of the run; None is a tombstone."""
    key = run_id.encode("ascii")
    sealed, unsealed = sealed_text(history.folded)
    records: dict[tuple[str, bytes], bytes | None] = {}
    if history.ended_by is None:
        head = draft_head(run_id, partition, history, len(sealed), unsealed)
        records["drafts", key] = canonical_json(head)
        for number, deltas in enumerate(sealed):
            chunk = {
                **_chunk(run_id, number, "".join(entry.data["text"] for entry in deltas)),
                "deltas": _deltas(deltas),
            }
            records["drafts", _chunk_key(key, number)] = canonical_json(chunk)
        return records
    records["drafts", key] = None
    for number in range(len(sealed)):
        records["drafts", _chunk_key(key, number)] = None
    text = answer_text(history)
    whole = len(canonical_json(text)) <= MAX_TEXT_BYTES
    pieces = [text[start : start + TEXT_CHUNK] for start in range(0, len(text), TEXT_CHUNK)]
    pieces = [] if whole else pieces
    for number, piece in enumerate(pieces):
        records["packets", _chunk_key(key, number)] = canonical_json(_chunk(run_id, number, piece))
    records["packets", key] = canonical_json(
        packet(run_id, partition, history, text if whole else None, len(pieces), sha256(text))
    )
    records["reconciliations", key] = canonical_json(reconciliation(run_id, partition, history))
    return records


def _chunk_key(key: bytes, number: int) -> bytes:
    return key + b"#" + str(number).encode("ascii")


def _chunk(run_id: str, number: int, text: str) -> dict[str, Any]:
    return {"schema_version": 1, "run_id": run_id, "chunk": number, "text": text}


def sealed_text(folded: list[Entry]) -> tuple[list[list[Entry]], list[Entry]]:
    """The text deltas in fold order: those of each sealed chunk, and those not sealed yet."""
    sealed: list[list[Entry]] = []
    unsealed: list[Entry] = []
    for entry in meaning.of_type(folded, "text.delta"):
        unsealed.append(entry)
        if sum(len(delta.data["text"]) for delta in unsealed) >= SEAL_AT:
            sealed.append(unsealed)
            unsealed = []
    return sealed, unsealed


def _deltas(entries: list[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "seq": entry.seq,
            "part": entry.data.get("part") or 0,
            "length": len(entry.data["text"]),
        }
        for entry in entries
    ]


def _contents(folded: list[Entry]) -> dict[str, Any]:
    """What heads and packets have in common."""
    return {
        **meaning.description(folded),
        "plan": meaning.plan(folded),
        "steps": meaning.steps(folded)[: meaning.MAX_ITEMS],
        "sources": meaning.sources(folded)[: meaning.MAX_ITEMS],
        "checks": meaning.checks(folded)[: meaning.MAX_ITEMS],
        "tools": meaning.tools(folded)[: meaning.MAX_ITEMS],
        "counts": {
            "events": len(folded),
            "steps": len(meaning.steps(folded)),
            "sources": len(meaning.sources(folded)),
            "checks": len(meaning.checks(folded)),
            "tools": len(meaning.tools(folded)),
        },
        "started_at": folded[0].event["time"] if folded else None,
    }


def _lengths(folded: list[Entry], event_type: str) -> int:
    return sum(len(entry.data["text"]) for entry in meaning.of_type(folded, event_type))


def draft_head(
    run_id: str, partition: int, history: History, chunks: int, unsealed: list[Entry]
) -> dict[str, Any]:
    """The head of a run that has not ended."""
    folded = history.folded
    return {
        "schema_version": 1,
        "run_id": run_id,
        "status": "running",
        **_contents(folded),
        "updated_at": folded[-1].event["time"] if folded else None,
        "text": {
            "length": _lengths(folded, "text.delta"),
            "chunks": chunks,
            "tail": "".join(entry.data["text"] for entry in unsealed),
            "deltas": _deltas(unsealed),
        },
        "reasoning_length": _lengths(folded, "reasoning.delta"),
        "waiting": meaning.waiting_for(folded),
        "cancel_requested": meaning.of_type(folded, "run.cancel_requested") != [],
        "pending": len(history.waiting),
        "producer_epoch": history.highest_epoch,
        "highest_seq": history.highest_seq,
        "applied": {
            "seq": history.last_folded_seq,
            "partition": partition,
            "offset": history.applied_offset,
        },
    }


def packet(
    run_id: str,
    partition: int,
    history: History,
    text: str | None,
    text_chunks: int,
    text_sha256: str,
) -> dict[str, Any]:
    """The sealed answer of a run that ended."""
    end = _end(history)
    error = end.data.get("error") if end.type == "run.failed" else None
    if error is not None:
        error = {name: meaning.cut(error[name]) for name in ("type", "message")}
    return {
        "schema_version": 1,
        "run_id": run_id,
        "status": TERMINAL_STATUS.get(end.type, "timed_out"),
        **_contents(history.folded),
        "text": text,
        "text_chunks": text_chunks,
        "text_sha256": text_sha256,
        "usage": end.data.get("usage"),
        "error": error,
        "ended_at": end.event["time"],
        "producer_epoch": history.highest_epoch_at_end,
        "highest_seq": history.highest_seq_at_end,
        "events": _events(partition, history.folded),
    }


def _end(history: History) -> Entry:
    if history.ended_by is None:
        raise ValueError("the run has not ended")
    return history.ended_by


def _events(partition: int, folded: list[Entry]) -> dict[str, Any]:
    offsets = [entry.offset for entry in folded]
    return {
        "partition": partition,
        "first_offset": min(offsets),
        "last_offset": max(offsets),
        "count": len(offsets),
    }


def reconciliation(run_id: str, partition: int, history: History) -> dict[str, Any]:
    """The verdict on packet against stream."""
    folded = history.folded
    end = _end(history)
    text, text_agrees = reconciled_text(history)
    streamed_only, final_only = source_difference(history)
    if history.missing or end.type == "run.timed_out":
        verdict = "incomplete"
    elif not text_agrees or streamed_only or final_only:
        verdict = "diverged"
    elif end.data.get("answer") is None:
        verdict = "unclaimed"
    else:
        verdict = "reconciled"
    violations = meaning.violations(folded)
    conflicts = [{"seq": seq, "offset": offset} for seq, offset in history.conflicts]
    verdicts = [check["verdict"] for check in meaning.checks(folded)]
    return {
        "schema_version": 1,
        "run_id": run_id,
        "verdict": verdict,
        "text": text,
        "sequence": {
            "last": history.last_folded_seq,
            "missing": [list(gap) for gap in history.missing][: meaning.MAX_ITEMS],
            "missing_count": sum(last - first + 1 for first, last in history.missing),
            "duplicates": history.duplicates,
            "conflicts": conflicts[: meaning.MAX_ITEMS],
            "conflict_count": len(conflicts),
            "late": history.late,
            "fenced": history.fenced,
            "violations": violations[: meaning.MAX_ITEMS],
            "violation_count": len(violations),
        },
        "steps": _step_differences(folded),
        "sources": {
            "streamed_only": streamed_only[: meaning.MAX_ITEMS],
            "final_only": final_only[: meaning.MAX_ITEMS],
        },
        "checks": {
            "passed": verdicts.count("pass"),
            "warned": verdicts.count("warn"),
            "failed": verdicts.count("fail"),
        },
        "events": _events(partition, folded),
        "applied": {"partition": partition, "offset": history.applied_offset},
    }


def _step_differences(folded: list[Entry]) -> dict[str, list[str]]:
    steps = meaning.steps(folded)
    started = meaning.started_steps(folded)
    planned_not_run = [
        step["step_id"]
        for step in steps
        if step["planned"] and step["step_id"] not in started and step["status"] != "skipped"
    ]
    unplanned = [
        step["step_id"] for step in steps if step["step_id"] in started and not step["planned"]
    ]
    unfinished = [step["step_id"] for step in steps if step["status"] == "running"]
    return {
        "planned_not_run": planned_not_run[: meaning.MAX_ITEMS],
        "unplanned": unplanned[: meaning.MAX_ITEMS],
        "unfinished": unfinished[: meaning.MAX_ITEMS],
    }
