"""The lists of a run as draft, packet and reconciliation show them."""

from typing import Any

from durable_streaming.processors.fold.bounds import first
from durable_streaming.processors.fold.rows import PlannedStep, ShownStep, Step
from durable_streaming.processors.fold.state import Run


def plan(run: Run) -> dict[str, Any] | None:
    """Give the last plan."""
    if run.plan_revision is None:
        return None
    return {"revision": run.plan_revision, "steps": first(run.plan.rows)}


def steps(run: Run) -> list[ShownStep]:
    """Give all steps: the last plan's first, in its order, then others by their first event."""
    listed = [_planned(step, run.steps.get(step["step_id"])) for step in run.plan.rows]
    for step in run.steps.rows:
        if step["step_id"] not in run.plan:
            listed.append(_shown(step, step["title"], planned=False))
    return listed


def count_steps(run: Run) -> int:
    """Count the steps without listing them."""
    others = sum(step["step_id"] not in run.plan for step in run.steps.rows)
    return len(run.plan) + others


def counts(run: Run) -> dict[str, int]:
    """Give the true numbers of what the lists show the first of."""
    return {
        "checks": len(run.checks),
        "events": run.count,
        "sources": len(run.sources),
        "steps": count_steps(run),
        "tools": len(run.tools),
    }


def start(run: Run) -> dict[str, Any]:
    """Give what the run's start said."""
    return run.start._asdict()


def checks(run: Run) -> list[Any]:
    """Give the checks."""
    return [row["shown"] for row in first(run.checks.rows)]


def _planned(step: PlannedStep, events: Step | None) -> ShownStep:
    if events is None:
        return {
            "step_id": step["step_id"],
            "title": step["title"],
            "status": "planned",
            "attempt": 0,
            "planned": True,
        }
    title = events["title"] if events["title"] is not None else step["title"]
    return _shown(events, title, planned=True)


def _shown(step: Step, title: str | None, *, planned: bool) -> ShownStep:
    shown: ShownStep = {
        "step_id": step["step_id"],
        "title": title,
        "status": step["status"],
        "attempt": step["attempt"],
        "planned": planned,
    }
    if step["summary"] is not None:
        shown["summary"] = step["summary"]
    if step["error"] is not None:
        shown["error"] = step["error"]
    return shown
