"""The packet: the sealed answer of a run that ended."""

from typing import Any, Final

from durable_streaming.processors.fold import shown
from durable_streaming.processors.fold.answer import Claim, Streamed, digest
from durable_streaming.processors.fold.bounds import cut, first
from durable_streaming.processors.fold.plain import plain
from durable_streaming.processors.fold.state import Ending, Run
from durable_streaming.processors.fold.text import chunk_key
from durable_streaming.schemas import SCHEMA_VERSION, canonical

MAX_TEXT_BYTES: Final = 524_288
"""Longest text, as canonical JSON with its quotes, that stands in the packet itself."""

TEXT_CHUNK_CODE_POINTS: Final = 65_536


def packet_records(
    run: Run, ending: Ending, claim: Claim | None, streamed: Streamed, partition: int
) -> list[tuple[bytes, bytes]]:
    """Write the packet of a run, as (key, value), its text chunks before it."""
    text = streamed.text if claim is None or claim.text is None else claim.text
    chunks: list[str] = []
    if len(plain(text)) > MAX_TEXT_BYTES:
        chunks = [
            text[at : at + TEXT_CHUNK_CODE_POINTS]
            for at in range(0, len(text), TEXT_CHUNK_CODE_POINTS)
        ]
    records = [
        (chunk_key(run.key, number), plain(_chunk(run.run_id, number, chunk)))
        for number, chunk in enumerate(chunks)
    ]
    packet = {
        **shown.start(run),
        "schema_version": SCHEMA_VERSION,
        "run_id": run.run_id,
        "status": ending.status,
        "text": None if chunks else text,
        "text_chunks": len(chunks),
        "text_sha256": digest(text),
        "plan": shown.plan(run),
        "steps": first(shown.steps(run)),
        "sources": first(run.sources.rows),
        "checks": shown.checks(run),
        "tools": first(run.tools.rows),
        "usage": ending.data.get("usage"),
        "error": _error(ending.data.get("error")),
        "started_at": run.started_at,
        "ended_at": ending.time,
        "producer_epoch": run.lineage.epoch,
        "highest_seq": run.lineage.highest_seq,
        "counts": shown.counts(run),
        "events": folded_events(run, partition),
    }
    records.append((run.key, canonical(packet)))
    return records


def folded_events(run: Run, partition: int) -> dict[str, int]:
    """Say which records of the log were folded."""
    return {
        "partition": partition,
        "first_offset": run.first_offset,
        "last_offset": run.last_offset,
        "count": run.count,
    }


def _chunk(run_id: str, number: int, text: str) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "run_id": run_id, "chunk": number, "text": text}


def _error(error: dict[str, str] | None) -> dict[str, str | None] | None:
    if error is None:
        return None
    return {"type": cut(error["type"]), "message": cut(error["message"])}
