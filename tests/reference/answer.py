"""The claimed answer against what was streamed."""

from __future__ import annotations

import hashlib
from typing import Any

from . import meaning
from .history import Entry, History


def sha256(text: str) -> str:
    """The digest of a text's UTF-8, in lower-case hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def claimed_answer(history: History) -> dict[str, Any] | None:
    """The answer of the terminal event; None where none was claimed."""
    if history.ended_by is None or history.ended_by.type == "run.timed_out":
        return None
    answer: dict[str, Any] | None = history.ended_by.data.get("answer")
    return answer


def streamed_parts(history: History) -> list[Entry]:
    """The text deltas of the parts that the answer stands for, part by part."""
    deltas = meaning.of_type(history.folded, "text.delta")
    parts = sorted({entry.data.get("part") or 0 for entry in deltas})
    answer = claimed_answer(history)
    if answer is not None and answer.get("parts") is not None:
        parts = answer["parts"]
    return [entry for part in parts for entry in deltas if (entry.data.get("part") or 0) == part]


def streamed_text(history: History) -> str:
    """The streamed text that the answer stands for."""
    return "".join(entry.data["text"] for entry in streamed_parts(history))


def answer_text(history: History) -> str:
    """The packet's text: what was claimed where it was spelled out, else what was streamed."""
    answer = claimed_answer(history)
    if answer is not None and answer.get("text") is not None:
        return str(answer["text"])
    return streamed_text(history)


def reconciled_text(history: History) -> tuple[dict[str, Any], bool]:
    """The verdict's ``text``, and whether claim and stream agree."""
    streamed = streamed_text(history)
    answer = claimed_answer(history)
    result: dict[str, Any] = {
        "streamed_length": len(streamed),
        "streamed_sha256": sha256(streamed),
        "final_length": None,
        "final_sha256": None,
        "first_difference": None,
        "first_difference_seq": None,
    }
    if answer is None:
        return result, True
    if answer.get("text") is None:
        result["final_length"] = answer["length"]
        result["final_sha256"] = answer["sha256"]
        agrees = answer["length"] == len(streamed) and answer["sha256"] == sha256(streamed)
        return result, agrees
    final = answer["text"]
    result["final_length"] = len(final)
    result["final_sha256"] = sha256(final)
    if final == streamed:
        return result, True
    difference = 0
    while final[difference : difference + 1] == streamed[difference : difference + 1] != "":
        difference += 1
    result["first_difference"] = difference
    result["first_difference_seq"] = _seq_at(difference, streamed_parts(history))
    return result, False


def _seq_at(position: int, deltas: list[Entry]) -> int | None:
    """The event that streamed the code point at ``position``; None past the streamed end."""
    end = 0
    for entry in deltas:
        end += len(entry.data["text"])
        if position < end:
            return entry.seq
    return None


def source_difference(history: History) -> tuple[list[str], list[str]]:
    """Sources streamed but not claimed, and claimed but not streamed; nothing where none is."""
    answer = claimed_answer(history)
    if answer is None or answer.get("source_ids") is None:
        return [], []
    streamed = [source["source_id"] for source in meaning.sources(history.folded)]
    claimed = list(dict.fromkeys(answer["source_ids"]))
    streamed_only = [source_id for source_id in streamed if source_id not in claimed]
    final_only = [source_id for source_id in claimed if source_id not in streamed]
    return streamed_only, final_only
