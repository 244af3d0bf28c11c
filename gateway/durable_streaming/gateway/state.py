"""One run's state with the position it was taken at: overlap is harmless, a gap is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from durable_streaming.gateway.positions import Known
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.store.derived import Kind, RunView
from durable_streaming.schemas import decode

if TYPE_CHECKING:
    from durable_streaming.gateway.incarnation import Incarnation

# A transaction's records come one after the other: a head may be here before its chunks.
_TRIES = 20
_WAIT_S = 0.05


class _IncompleteError(Exception):
    """A head is here whose chunks are not."""


async def read_state(log: Incarnation, run: Known) -> dict[str, Any]:
    """Read status, draft, packet and verdict of a run.

    Raises:
        Refusal: the derived records are not complete yet.
    """
    for _ in range(_TRIES):
        try:
            return await asyncio.to_thread(_read, log, run)
        except _IncompleteError:
            await asyncio.sleep(_WAIT_S)
    raise Refusal("not-ready", "the run's derived records are not complete yet: try again")


def _read(log: Incarnation, run: Known) -> dict[str, Any]:
    view = log.derived.view(run.run_id)
    summary = view.summary()
    draft: dict[str, Any] | None = None
    packet: dict[str, Any] | None = None
    reconciliation: dict[str, Any] | None = None
    position = run.row.first_offset
    try:
        if (raw := view.value("packets")) is not None:
            packet = decode(raw)
            packet["text"] = _packet_text(view, packet)
        if (raw := view.value("reconciliations")) is not None:
            reconciliation = decode(raw)
        if summary is not None and not summary.settled and (raw := view.value("drafts")):
            draft = decode(raw)
            position = draft["applied"]["offset"] + 1
            draft["text"] = _draft_text(view, draft["text"])
        elif reconciliation is not None:
            position = reconciliation["applied"]["offset"] + 1
    except (KeyError, TypeError, ValueError) as error:
        # Something else than the processors wrote to the derived topics.
        raise _IncompleteError from error
    return {
        "run_id": run.run_id,
        "status": "running" if summary is None else summary.status,
        "draft": draft,
        "packet": packet,
        "reconciliation": reconciliation,
        "token": log.tokens.at(run.row.partition, position),
    }


def _draft_text(view: RunView, head: dict[str, Any]) -> str:
    """Join the streamed text: parts in their order, each in the order it was folded."""
    parts: dict[int, list[str]] = {}
    for number in range(head["chunks"]):
        chunk = _chunk(view, "drafts", number)
        _deal(chunk["text"], chunk["deltas"], parts)
    _deal(head["tail"], head["deltas"], parts)
    return "".join("".join(parts[part]) for part in sorted(parts))


def _deal(text: str, deltas: list[dict[str, int]], parts: dict[int, list[str]]) -> None:
    at = 0
    for delta in deltas:
        parts.setdefault(delta["part"], []).append(text[at : at + delta["length"]])
        at += delta["length"]


def _packet_text(view: RunView, packet: dict[str, Any]) -> str | None:
    if not packet["text_chunks"]:
        text: str | None = packet["text"]
        return text
    return "".join(
        _chunk(view, "packets", number)["text"] for number in range(packet["text_chunks"])
    )


def _chunk(view: RunView, kind: Kind, number: int) -> dict[str, Any]:
    raw = view.chunk(kind, number)
    if raw is None:
        raise _IncompleteError
    chunk: dict[str, Any] = decode(raw)
    return chunk
