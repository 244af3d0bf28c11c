"""What the folded events of one run mean: each part of its state from the whole list of events.

Every function reads the list from its beginning, so that no function depends on another's state.
"""

from __future__ import annotations

from typing import Any

from .event_fields import is_control, is_known
from .history import Entry

MAX_STRING = 500
MAX_ITEMS = 100
MAX_CITED = 20


def cut(text: str | None) -> str | None:
    """A string as derived records carry it, in code points."""
    return None if text is None else text[:MAX_STRING]


def of_type(folded: list[Entry], *types: str) -> list[Entry]:
    """The folded events of these types, in fold order."""
    return [entry for entry in folded if entry.type in types]


def description(folded: list[Entry]) -> dict[str, Any]:
    """What the first `run.started` said about the run."""
    starts = of_type(folded, "run.started")
    data = starts[0].data if starts else {}
    tags = data.get("tags") or {}
    return {
        "agent": cut(data.get("agent")),
        "title": cut(data.get("title")),
        "model": cut(data.get("model")),
        "thread_id": data.get("thread_id"),
        "parent_run_id": data.get("parent_run_id"),
        "tags": {name: entry for name, entry in tags.items() if entry is not None},
    }


def last_plan(folded: list[Entry]) -> dict[str, Any] | None:
    """The plan that stands, each step once: at its first place, as it was given last."""
    standing: dict[str, Any] | None = None
    for entry in of_type(folded, "plan.created"):
        if standing is None or entry.data["revision"] > standing["revision"]:
            standing = entry.data
    if standing is None:
        return None
    steps: dict[str, Any] = {}
    for step in standing["steps"]:
        steps[step["step_id"]] = step
    return {"revision": standing["revision"], "steps": list(steps.values())}


def plan(folded: list[Entry]) -> dict[str, Any] | None:
    """The plan as derived records carry it."""
    standing = last_plan(folded)
    if standing is None:
        return None
    steps: list[dict[str, Any]] = []
    for step in standing["steps"]:
        shown = {"step_id": step["step_id"], "title": cut(step["title"])}
        if step.get("depends_on") is not None:
            shown["depends_on"] = step["depends_on"][:MAX_ITEMS]
        steps.append(shown)
    return {"revision": standing["revision"], "steps": steps[:MAX_ITEMS]}


def steps(folded: list[Entry]) -> list[dict[str, Any]]:
    """All steps: the last plan's in its order, then the others by their first event."""
    standing = last_plan(folded) or {"steps": []}
    planned_titles = {step["step_id"]: step["title"] for step in standing["steps"]}
    step_events = of_type(folded, "step.started", "step.completed")
    ids = list(dict.fromkeys([*planned_titles, *(e.data["step_id"] for e in step_events)]))
    result = []
    for step_id in ids:
        events = [entry for entry in step_events if entry.data["step_id"] == step_id]
        planned = step_id in planned_titles
        result.append(_step(step_id, planned_titles.get(step_id), planned, events))
    return result


def _step(
    step_id: str, plan_title: str | None, planned: bool, events: list[Entry]
) -> dict[str, Any]:
    title = plan_title
    status = "planned"
    attempt = 0
    outcome: dict[str, Any] = {}
    for entry in events:
        if entry.type == "step.started":
            status = "running"
            given = entry.data.get("attempt")
            attempt = attempt + 1 if given is None else given
            outcome = {}
            if entry.data.get("title") is not None:
                title = entry.data["title"]
        else:
            status = entry.data["status"]
            outcome = {
                name: cut(entry.data[name])
                for name in ("summary", "error")
                if entry.data.get(name) is not None
            }
    return {
        "step_id": step_id,
        "title": cut(title),
        "status": status,
        "attempt": attempt,
        "planned": planned,
        **outcome,
    }


def started_steps(folded: list[Entry]) -> list[str]:
    """The ids of the steps that ever started."""
    return [entry.data["step_id"] for entry in of_type(folded, "step.started")]


def sources(folded: list[Entry]) -> list[dict[str, Any]]:
    """Each source once, at its first place, with the fields given last and all cited ranges."""
    found: dict[str, dict[str, Any]] = {}
    for entry in of_type(folded, "source.added"):
        source_id = entry.data["source_id"]
        source = found.setdefault(
            source_id,
            {"source_id": source_id, "url": None, "title": None, "snippet": None, "cited": []},
        )
        source["kind"] = entry.data["kind"]
        for name in ("url", "title", "snippet"):
            if entry.data.get(name) is not None:
                source[name] = cut(entry.data[name])
        for cited in entry.data.get("cited") or []:
            source["cited"].append({"start": cited["start"], "end": cited["end"]})
    return [{**source, "cited": source["cited"][:MAX_CITED]} for source in found.values()]


def checks(folded: list[Entry]) -> list[dict[str, Any]]:
    """Each check once, at its first place, with what its last event gave."""
    found: dict[str, dict[str, Any]] = {}
    for entry in of_type(folded, "quality.checked"):
        found[entry.data["check"]] = {
            "check": cut(entry.data["check"]),
            "verdict": entry.data["verdict"],
            "score": entry.data.get("score"),
            "detail": cut(entry.data.get("detail")),
        }
    return list(found.values())


def tools(folded: list[Entry]) -> list[dict[str, Any]]:
    """Each call once, at its first place."""
    found: dict[str, dict[str, Any]] = {}
    for entry in of_type(folded, "tool.called", "tool.returned"):
        call_id = entry.data["call_id"]
        tool = found.setdefault(
            call_id,
            {"call_id": call_id, "name": None, "step_id": None, "status": "called", "error": None},
        )
        if entry.type == "tool.called":
            tool["name"] = cut(entry.data["name"])
            tool["step_id"] = entry.data.get("step_id")
        else:
            failed = entry.data.get("error") is not None
            tool["status"] = "failed" if failed else "returned"
            tool["error"] = cut(entry.data.get("error"))
    return list(found.values())


def waiting_for(folded: list[Entry]) -> str | None:
    """What the run waits for: its last folded producer event says so, or nothing does."""
    producer_events = [entry for entry in folded if not is_control(entry.type)]
    if producer_events and producer_events[-1].type == "run.waiting":
        return str(producer_events[-1].data["for"])
    return None


def violations(folded: list[Entry]) -> list[dict[str, Any]]:
    """What made no sense where it stood, in fold order."""
    found: list[dict[str, Any]] = []
    for index, entry in enumerate(folded):
        for slug in _violations_of(entry, folded[:index]):
            found.append({"seq": entry.seq, "slug": slug})
    return found


def _violations_of(entry: Entry, before: list[Entry]) -> list[str]:
    slugs = []
    if not before and entry.type != "run.started":
        slugs.append("no_start")
    if entry.type == "run.started" and of_type(before, "run.started"):
        slugs.append("second_start")
    if entry.type == "step.completed":
        step_id = entry.data["step_id"]
        same_step = [
            other
            for other in of_type(before, "step.started", "step.completed")
            if other.data["step_id"] == step_id
        ]
        never_started = step_id not in started_steps(before)
        if same_step and same_step[-1].type == "step.completed":
            slugs.append("step_completed_twice")
        elif never_started and entry.data["status"] in ("succeeded", "failed"):
            slugs.append("step_never_started")
    if entry.type == "tool.returned":
        calls = [other.data["call_id"] for other in of_type(before, "tool.called")]
        if entry.data["call_id"] not in calls:
            slugs.append("tool_never_called")
    if entry.type == "plan.created":
        standing = last_plan(before)
        if standing is not None and entry.data["revision"] <= standing["revision"]:
            slugs.append("plan_revision_not_higher")
    if not is_known(entry.type) and not entry.type.startswith("x."):
        slugs.append("unknown_type")
    return slugs
