"""What a folded producer event changes, one function a type.

`judge` has checked types and limits, so fields are read as they must be; null is as absent.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from durable_streaming.processors.fold.bounds import (
    CITED_RANGES,
    LIST_ENTRIES,
    STRING_CODE_POINTS,
    cut,
)
from durable_streaming.processors.fold.rows import (
    Check,
    CitedRange,
    PlannedStep,
    Source,
    Step,
    Tool,
)
from durable_streaming.processors.fold.state import Ending, Run, Start
from durable_streaming.schemas import Event

Data = dict[str, Any]
Handler = Callable[[Run, Event, Data], None]


def apply(run: Run, event: Event) -> None:
    """Change the run's state by an event whose turn it is."""
    handler = _HANDLERS.get(event.type)
    if handler is not None:
        handler(run, event, event.data)
    elif not event.type.startswith("x."):
        run.violate(event.seq, "unknown_type")


def _text_delta(run: Run, event: Event, data: Data) -> None:
    run.text.append(data["text"], data.get("part") or 0, event.seq)  # type: ignore[arg-type]


def _reasoning_delta(run: Run, event: Event, data: Data) -> None:
    run.reasoning_length += len(data["text"])


def _run_started(run: Run, event: Event, data: Data) -> None:
    if run.started:
        run.violate(event.seq, "second_start")
        return
    run.started = True
    run.start = Start(
        agent=cut(data["agent"]),
        title=cut(data.get("title")),
        model=cut(data.get("model")),
        thread_id=data.get("thread_id"),
        parent_run_id=data.get("parent_run_id"),
        tags={name: tag for name, tag in (data.get("tags") or {}).items() if tag is not None},
    )
    run.show_anew("start")


def _plan_created(run: Run, event: Event, data: Data) -> None:
    revision = data["revision"]
    if run.plan_revision is not None and revision <= run.plan_revision:
        run.violate(event.seq, "plan_revision_not_higher")
        return
    planned: dict[str, PlannedStep] = {}
    for given in data["steps"]:
        step: PlannedStep = {"step_id": given["step_id"], "title": given["title"]}
        step["title"] = step["title"][:STRING_CODE_POINTS]
        depends_on = given.get("depends_on")
        if depends_on is not None:
            step["depends_on"] = depends_on[:LIST_ENTRIES]
        # A dict keeps the place of the first; all of the last mention counts, not only its title.
        planned[step["step_id"]] = step
    run.plan_revision = revision
    run.plan.replace(planned)
    run.show_anew("plan", "steps")


def _step_started(run: Run, event: Event, data: Data) -> None:
    step_id = data["step_id"]
    before = run.steps.get(step_id)
    title = data.get("title")
    attempt = data.get("attempt")
    if title is None and before is not None:
        title = before["title"]
    if attempt is None:
        attempt = (before["attempt"] if before is not None else 0) + 1
    run.steps.put(
        Step(
            step_id=step_id,
            title=cut(title),
            status="running",
            attempt=attempt,
            started=True,
            summary=None,
            error=None,
        )
    )
    run.show_anew("steps")


def _step_completed(run: Run, event: Event, data: Data) -> None:
    step_id = data["step_id"]
    status = data["status"]
    before = run.steps.get(step_id)
    started = before is not None and before["started"]
    if before is not None and before["status"] != "running":
        run.violate(event.seq, "step_completed_twice")
    elif not started and status != "skipped":
        run.violate(event.seq, "step_never_started")
    run.steps.put(
        Step(
            step_id=step_id,
            title=before["title"] if before is not None else None,
            status=status,
            attempt=before["attempt"] if before is not None else 0,
            started=started,
            summary=cut(data.get("summary")),
            error=cut(data.get("error")),
        )
    )
    run.show_anew("steps")


def _tool_called(run: Run, event: Event, data: Data) -> None:
    call_id = data["call_id"]
    before = run.tools.get(call_id)
    run.tools.put(
        Tool(
            call_id=call_id,
            name=cut(data["name"]),
            step_id=data.get("step_id"),
            status=before["status"] if before is not None else "called",
            error=before["error"] if before is not None else None,
        )
    )
    run.show_anew("tools")


def _tool_returned(run: Run, event: Event, data: Data) -> None:
    call_id = data["call_id"]
    before = run.tools.get(call_id)
    if before is None or before["name"] is None:
        run.violate(event.seq, "tool_never_called")
    error = data.get("error")
    run.tools.put(
        Tool(
            call_id=call_id,
            name=before["name"] if before is not None else None,
            step_id=before["step_id"] if before is not None else None,
            status="returned" if error is None else "failed",
            error=cut(error),
        )
    )
    run.show_anew("tools")


def _source_added(run: Run, event: Event, data: Data) -> None:
    source_id = data["source_id"]
    source = run.sources.get(source_id)
    if source is None:
        source = Source(source_id=source_id, kind="", url=None, title=None, snippet=None, cited=[])
    source["kind"] = data["kind"]
    if (url := data.get("url")) is not None:
        source["url"] = cut(url)
    if (title := data.get("title")) is not None:
        source["title"] = cut(title)
    if (snippet := data.get("snippet")) is not None:
        source["snippet"] = cut(snippet)
    room = CITED_RANGES - len(source["cited"])
    for cited in (data.get("cited") or ())[:room]:
        source["cited"].append(CitedRange(start=cited["start"], end=cited["end"]))
    run.sources.put(source)
    run.show_anew("sources")


def _run_waiting(run: Run, event: Event, data: Data) -> None:
    run.waiting_for = data["for"]


def _quality_checked(run: Run, event: Event, data: Data) -> None:
    name = data["check"]
    shown = Check(
        check=name[:STRING_CODE_POINTS],
        verdict=data["verdict"],
        score=data.get("score"),
        detail=cut(data.get("detail")),
    )
    run.checks.put({"name": bounded_name(name), "shown": shown})
    run.show_anew("checks")


def _run_ended(run: Run, event: Event, data: Data) -> None:
    run.ending = Ending(event.type.removeprefix("run."), event.time, data)


def bounded_name(name: str) -> str:
    """Keep names of any length apart without keeping them.

    A check's name, or the type of a control event, may be as long as an event; no short name
    is as long as what stands for a long one.
    """
    if len(name) <= STRING_CODE_POINTS:
        return name
    return name[:STRING_CODE_POINTS] + sha256(name.encode()).hexdigest()


_HANDLERS: Final[dict[str, Handler]] = {
    "run.started": _run_started,
    "plan.created": _plan_created,
    "step.started": _step_started,
    "step.completed": _step_completed,
    "text.delta": _text_delta,
    "reasoning.delta": _reasoning_delta,
    "tool.called": _tool_called,
    "tool.returned": _tool_returned,
    "source.added": _source_added,
    "run.waiting": _run_waiting,
    "quality.checked": _quality_checked,
    "run.completed": _run_ended,
    "run.failed": _run_ended,
    "run.cancelled": _run_ended,
}
