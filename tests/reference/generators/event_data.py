"""Generated data for every producer event type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import materials
from .choice import Chooser

TypedData = tuple[str, Any]
"""An event's type and data; data is NO_DATA where the member is left out."""

NO_DATA = object()


def _maybe(chooser: Chooser, data: dict[str, Any], name: str, make: Callable[[], Any]) -> None:
    """Give an optional field: mostly a value, at times null, at times nothing."""
    kind = chooser.integer(0, 3)
    if kind == 3:
        data[name] = None
    elif kind > 0:
        data[name] = make()


def run_started(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {"agent": materials.string(chooser)}
    _maybe(chooser, data, "title", lambda: materials.string(chooser))
    _maybe(chooser, data, "input", lambda: chooser.pick(materials.ANY_JSON))
    _maybe(chooser, data, "model", lambda: materials.string(chooser))
    _maybe(chooser, data, "thread_id", lambda: materials.identity(chooser, "thread"))
    _maybe(chooser, data, "parent_run_id", lambda: materials.identity(chooser, "parent"))
    _maybe(chooser, data, "tags", lambda: {"team": "docs", "😀" * 100: "y" * 100, "": ""})
    return "run.started", data


def plan_created(chooser: Chooser) -> TypedData:
    steps = []
    for _ in range(chooser.integer(0, 4)):
        step: dict[str, Any] = {
            "step_id": materials.identity(chooser, "step"),
            "title": materials.string(chooser),
        }
        _maybe(chooser, step, "depends_on", lambda: [materials.identity(chooser, "step")])
        steps.append(step)
    return "plan.created", {"revision": chooser.integer(0, 4), "steps": steps}


def step_started(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {"step_id": materials.identity(chooser, "step")}
    _maybe(chooser, data, "title", lambda: materials.string(chooser))
    _maybe(chooser, data, "attempt", lambda: chooser.pick((1, 0, 7, 2**53 - 1)))
    return "step.started", data


def step_completed(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {
        "step_id": materials.identity(chooser, "step"),
        "status": chooser.pick(("succeeded", "failed", "skipped")),
    }
    _maybe(chooser, data, "summary", lambda: materials.string(chooser))
    _maybe(chooser, data, "error", lambda: materials.string(chooser))
    return "step.completed", data


def text_delta(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {"text": materials.text(chooser)}
    _maybe(chooser, data, "part", lambda: chooser.pick((0, 1, 2, 2**53 - 1)))
    return "text.delta", data


def reasoning_delta(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {"text": materials.text(chooser)}
    _maybe(chooser, data, "part", lambda: chooser.integer(0, 2))
    return "reasoning.delta", data


def tool_called(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {
        "call_id": materials.identity(chooser, "call"),
        "name": materials.string(chooser),
        "arguments": chooser.pick(materials.ANY_JSON),
    }
    _maybe(chooser, data, "step_id", lambda: materials.identity(chooser, "step"))
    return "tool.called", data


def tool_returned(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {"call_id": materials.identity(chooser, "call")}
    kind = chooser.integer(0, 2)
    if kind != 1:
        data["output"] = chooser.pick(materials.ANY_JSON)
    if kind != 0:
        data["error"] = materials.string(chooser)
    return "tool.returned", data


def source_added(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {
        "source_id": materials.identity(chooser, "source"),
        "kind": chooser.pick(("url", "document")),
    }
    _maybe(chooser, data, "url", lambda: "https://kafka.apache.org/" + materials.string(chooser))
    _maybe(chooser, data, "title", lambda: materials.string(chooser))
    _maybe(chooser, data, "snippet", lambda: materials.string(chooser))
    many = chooser.pick((1, 0, 2, 25))
    _maybe(
        chooser,
        data,
        "cited",
        lambda: [{"start": start, "end": start + 5, "note": "ignored"} for start in range(many)],
    )
    return "source.added", data


def run_waiting(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {"for": chooser.pick(("approval", "input", "other"))}
    _maybe(chooser, data, "detail", lambda: materials.string(chooser))
    return "run.waiting", data


def quality_checked(chooser: Chooser) -> TypedData:
    data: dict[str, Any] = {
        "check": chooser.pick(("grounded", "cited", "covered", "c" * 501 + "1", "c" * 501 + "2")),
        "verdict": chooser.pick(("pass", "warn", "fail")),
    }
    _maybe(chooser, data, "score", lambda: chooser.pick((1, 0.1, -0.0, 1e21, 5e-324, 1e-7, 1.0)))
    _maybe(chooser, data, "detail", lambda: materials.string(chooser))
    return "quality.checked", data


def free_type(chooser: Chooser) -> TypedData:
    name = chooser.pick(("x.note", "x.", "x", "custom.type", "run.paused", "\u0000", "control"))
    return name, chooser.pick((*materials.ANY_JSON, NO_DATA))


MAKERS: tuple[Callable[[Chooser], TypedData], ...] = (
    text_delta,
    text_delta,
    text_delta,
    step_started,
    step_completed,
    plan_created,
    source_added,
    tool_called,
    tool_returned,
    quality_checked,
    reasoning_delta,
    run_waiting,
    free_type,
    run_started,
)


def any_event(chooser: Chooser) -> TypedData:
    """One producer event that does not end a run."""
    return chooser.pick(MAKERS)(chooser)


def burst(chooser: Chooser) -> list[TypedData]:
    """More entries than derived records keep, without a choice for each."""
    many = range(chooser.pick((101, 100, 130)))
    return chooser.pick(
        (
            [("source.added", {"source_id": f"s{n}", "kind": "url"}) for n in many],
            [("step.started", {"step_id": f"b{n}"}) for n in many],
            [("tool.returned", {"call_id": f"t{n}", "output": None}) for n in many],
            [("quality.checked", {"check": f"q{n}", "verdict": "warn"}) for n in many],
            [("text.delta", {"text": f"{n} ", "part": n % 3}) for n in many],
            [
                (
                    "plan.created",
                    {
                        "revision": 9,
                        "steps": [
                            {"step_id": f"p{n}", "title": "t", "depends_on": ["p0"] * n}
                            for n in many
                        ],
                    },
                )
            ],
        )
    )
