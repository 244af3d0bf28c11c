"""Generated ends of runs, with answers that agree with the stream or nearly do."""

from __future__ import annotations

import hashlib
from typing import Any

from . import materials
from .choice import Chooser
from .event_data import NO_DATA, TypedData


def terminal_event(chooser: Chooser, before: list[TypedData]) -> TypedData:
    """An end that claims something about the events before it, or nothing."""
    event_type = chooser.pick(("run.completed", "run.completed", "run.failed", "run.cancelled"))
    data: dict[str, Any] = {}
    if event_type == "run.failed":
        data["error"] = {
            "type": materials.string(chooser),
            "message": materials.string(chooser),
            "code": 7,
        }
    if event_type == "run.cancelled" and chooser.chance(50):
        data["reason"] = materials.string(chooser)
    if chooser.chance(80):
        data["answer"] = claimed_answer(chooser, before)
    elif chooser.chance(20):
        data["answer"] = None
    if chooser.chance(30):
        data["usage"] = {"tokens": 17, "cost": 0.1, "note": "n" * 600, "list": [1] * 120}
    if data == {} and chooser.chance(50):
        return event_type, chooser.pick((NO_DATA, None))
    return event_type, data


def claimed_answer(chooser: Chooser, before: list[TypedData]) -> dict[str, Any]:
    """An answer by text or by digest, right or off by little."""
    deltas = [data for event_type, data in before if event_type == "text.delta"]
    parts = sorted({data.get("part") or 0 for data in deltas})
    answer: dict[str, Any] = {}
    if chooser.chance(35):
        parts = list(chooser.pick((parts[::-1], parts[:1], [], [*parts, 99], parts)))
        answer["parts"] = parts
    streamed = "".join(
        data["text"] for part in parts for data in deltas if (data.get("part") or 0) == part
    )
    if chooser.chance(25):
        _claim_digest(chooser, answer, streamed)
    else:
        answer["text"] = _nearly(chooser, streamed)
        if chooser.chance(10):
            answer["length"] = 1
    if chooser.chance(40):
        answer["source_ids"] = _source_ids(chooser, before)
    return answer


def _claim_digest(chooser: Chooser, answer: dict[str, Any], streamed: str) -> None:
    answer["length"] = len(streamed)
    answer["sha256"] = hashlib.sha256(streamed.encode()).hexdigest()
    wrong = chooser.pick(("nothing", "length", "sha256"))
    if wrong == "length":
        answer["length"] += 1
    elif wrong == "sha256":
        answer["sha256"] = "0" * 64


def _nearly(chooser: Chooser, text: str) -> str:
    """The text itself, or one that differs in as little as possible."""
    kind = chooser.pick(("same", "same", "changed", "cut", "longer", "empty", "composed"))
    at = chooser.integer(0, len(text) - 1) if text else 0
    if kind == "changed":
        return text[:at] + ("Z" if text[at : at + 1] != "Z" else "z") + text[at + 1 :]
    if kind == "cut":
        return text[:-1]
    if kind == "longer":
        return text + "!"
    if kind == "empty":
        return ""
    if kind == "composed":
        return text.replace("e\u0301", "é", 1)
    return text


def _source_ids(chooser: Chooser, before: list[TypedData]) -> list[str]:
    streamed = [data["source_id"] for event_type, data in before if event_type == "source.added"]
    return chooser.pick(
        (streamed, ["un", *streamed, "heard", "un"], streamed[1:], streamed[::-1] * 2, [])
    )
