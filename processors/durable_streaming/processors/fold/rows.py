"""The rows of a run's tables, as they are kept and, but for steps, as readers see them."""

from typing import Literal, NotRequired, TypedDict

StepStatus = Literal["planned", "running", "succeeded", "failed", "skipped"]


class PlannedStep(TypedDict):
    """A step of the last plan."""

    step_id: str
    title: str
    depends_on: NotRequired[list[str]]


class Step(TypedDict):
    """What the events of a step gave; the plan's share is joined when it is shown."""

    step_id: str
    title: str | None
    status: StepStatus
    attempt: int
    started: bool
    summary: str | None
    error: str | None


class ShownStep(TypedDict):
    """A step as readers see it."""

    step_id: str
    title: str | None
    status: StepStatus
    attempt: int
    planned: bool
    summary: NotRequired[str]
    error: NotRequired[str]


class CitedRange(TypedDict):
    """Where the answer cites a source, in code points."""

    start: int
    end: int


class Source(TypedDict):
    """A source, merged from its events."""

    source_id: str
    kind: str
    url: str | None
    title: str | None
    snippet: str | None
    cited: list[CitedRange]


class Check(TypedDict):
    """What the last event of a check gave."""

    check: str
    verdict: str
    score: float | None
    detail: str | None


class CheckRow(TypedDict):
    """A check under its whole name, of which a long one is kept as a digest."""

    name: str
    shown: Check


class Tool(TypedDict):
    """A call of a tool; `name` is null where only its return was seen."""

    call_id: str
    name: str | None
    step_id: str | None
    status: Literal["called", "returned", "failed"]
    error: str | None


class Violation(TypedDict):
    """What made no sense where it stood; `seq` is null for a control event."""

    seq: int | None
    slug: str


class Conflict(TypedDict):
    """A record that gives a seq another content."""

    seq: int
    offset: int
