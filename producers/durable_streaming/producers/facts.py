"""The data of each event type, from what an agent naturally has at hand."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict

from durable_streaming.producers.errors import Misuse

Json = Any
"""dict, list, str, int, float, bool or None."""

StepStatus = Literal["succeeded", "failed", "skipped"]
Verdict = Literal["pass", "warn", "fail"]

# Beyond this an answer is claimed by length and digest: repeated in full it would not fit into an
# event together with everything else. A code point is at most 6 bytes of JSON.
_REPEATED_POINTS = 100_000
_ERROR_POINTS = 2_000

# How a program is told to stop: by its event loop, by a person or by its own exit.
_CANCELLATIONS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)


class PlannedStep(TypedDict, total=False):
    """One step of a plan; `step_id` is what `run.step()` is called with."""

    step_id: str
    title: str
    depends_on: list[str]


class Fact(NamedTuple):
    """One thing to say about a run, before it has a place in it."""

    type: str
    data: Json


def given(**fields: Json) -> dict[str, Json]:
    """Keep the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def started(
    agent: str,
    title: str | None,
    input_: Json,
    model: str | None,
    thread_id: str | None,
    parent_run_id: str | None,
    tags: Mapping[str, str] | None,
) -> dict[str, Json]:
    """Start a run: the data of `run.started`."""
    optional = given(
        title=title,
        input=input_,
        model=model,
        thread_id=thread_id,
        parent_run_id=parent_run_id,
        tags=None if tags is None else dict(tags),
    )
    return {"agent": agent} | optional


def plan(revision: int, steps: Iterable[str | PlannedStep]) -> Fact:
    """Plan; a string is a step whose id and title it is."""
    listed = [{"step_id": step, "title": step} if isinstance(step, str) else step for step in steps]
    return Fact("plan.created", {"revision": revision, "steps": listed})


def step_started(step_id: str, title: str | None) -> Fact:
    """Start a step."""
    return Fact("step.started", {"step_id": step_id} | given(title=title))


def step_completed(
    step_id: str, status: str, summary: str | None = None, error: str | None = None
) -> Fact:
    """Complete a step."""
    data = {"step_id": step_id, "status": status}
    return Fact("step.completed", data | given(summary=summary, error=error))


def called(call_id: str, name: str, arguments: Json, step_id: str | None) -> Fact:
    """Call a tool."""
    data = {"call_id": call_id, "name": name, "arguments": arguments}
    return Fact("tool.called", data | given(step_id=step_id))


def checked(check: str, verdict: str, score: float | None, detail: str | None) -> Fact:
    """Check quality."""
    data = {"check": check, "verdict": verdict}
    return Fact("quality.checked", data | given(score=score, detail=detail))


def waiting(for_: str, detail: str | None) -> Fact:
    """Wait for someone."""
    return Fact("run.waiting", {"for": for_} | given(detail=detail))


def source(
    source_id: str,
    kind: str | None,
    url: str | None,
    title: str | None,
    snippet: str | None,
    cited: Sequence[tuple[int, int]] | None,
) -> Fact:
    """Add a source, or cited ranges to one."""
    ranges = None if cited is None else [{"start": start, "end": end} for start, end in cited]
    kind = kind or ("document" if url is None else "url")
    fields = given(url=url, title=title, snippet=snippet, cited=ranges)
    return Fact("source.added", {"source_id": source_id, "kind": kind, **fields})


def returned(call_id: str, output: Json, error: str | None) -> Fact:
    """Return from a tool; with an error the call failed."""
    if error is None:
        return Fact("tool.returned", {"call_id": call_id, "output": output})
    partial = {} if output is None else {"output": output}
    return Fact("tool.returned", {"call_id": call_id, "error": error, **partial})


def answer(
    text: str | None, parts: Sequence[int] | None, source_ids: Sequence[str] | None
) -> dict[str, Json] | None:
    """Claim an answer; one too long to repeat is claimed by its length and digest.

    Raises:
        Misuse: parts or sources without a text.
    """
    if text is None:
        if parts is not None or source_ids is not None:
            raise Misuse("parts and source_ids belong to an answer: pass its text as answer=")
        return None
    claim: dict[str, Json] = {"text": text}
    # A text that is no UTF-8 stays as it is, and is refused as every other event would be.
    encoded = text.encode("utf-8", "ignore")
    if len(text) > _REPEATED_POINTS and encoded.decode() == text:
        claim = {"length": len(text), "sha256": hashlib.sha256(encoded).hexdigest()}
    lists = given(
        parts=None if parts is None else list(parts),
        source_ids=None if source_ids is None else list(source_ids),
    )
    return claim | lists


def completed(
    text: str | None,
    parts: Sequence[int] | None,
    source_ids: Sequence[str] | None,
    usage: Mapping[str, Json] | None,
) -> Fact:
    """End a run as completed."""
    return Fact("run.completed", given(answer=answer(text, parts, source_ids), usage=usage))


def failed(
    error: BaseException | str,
    error_type: str | None,
    text: str | None,
    usage: Mapping[str, Json] | None,
) -> Fact:
    """End a run as failed."""
    if isinstance(error, str):
        named = {"type": error_type or "error", "message": error}
    else:
        named = {"type": error_type or type(error).__name__, "message": describe(error)}
    claim = answer(text, None, None)
    return Fact("run.failed", {"error": named} | given(answer=claim, usage=usage))


def cancelled(reason: str | None, text: str | None, usage: Mapping[str, Json] | None) -> Fact:
    """End a run as cancelled."""
    claim = answer(text, None, None)
    return Fact("run.cancelled", given(reason=reason, answer=claim, usage=usage))


def describe(error: BaseException) -> str:
    """Say what went wrong, in words that always make a valid event."""
    text = str(error) or type(error).__name__
    return text[:_ERROR_POINTS].encode("utf-8", "replace").decode()


def ending(error: BaseException | None) -> Fact:
    """Give the end of a run whose block was left without one."""
    if error is None:
        return Fact("run.completed", {})
    if isinstance(error, _CANCELLATIONS):
        return Fact("run.cancelled", {"reason": describe(error)})
    return failed(error, None, None, None)


def step_ending(step_id: str, error: BaseException | None) -> Fact:
    """Give the end of a step whose block was left without one."""
    if error is None:
        return step_completed(step_id, "succeeded")
    return step_completed(step_id, "failed", error=describe(error))
