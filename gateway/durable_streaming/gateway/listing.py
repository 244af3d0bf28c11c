"""Entries of the run list, as every face hands them out."""

from __future__ import annotations

from typing import Any

from durable_streaming.gateway.frames import Tokens
from durable_streaming.gateway.store.index import ListedRun
from durable_streaming.schemas import partition_for


def list_entry(tokens: Tokens, run: ListedRun) -> dict[str, Any]:
    """Write one entry of the run list; its token is the position the entry was taken at."""
    summary, row = run.summary, run.row
    if row is None:
        partition, position, events = partition_for(run.run_id.encode(), tokens.partitions), 0, 0
    else:
        partition, position, events = row.partition, row.first_offset, row.events
    if summary.applied >= 0:
        position = summary.applied + 1
    return {
        "run_id": run.run_id,
        "status": summary.status,
        "agent": summary.agent,
        "title": summary.title,
        "started_at": summary.started_at,
        "updated_at": summary.updated_at,
        "ended_at": summary.ended_at,
        "verdict": summary.verdict,
        "events": events,
        "token": tokens.at(partition, position),
    }
