"""The events of a run, one model a type: a union closed on `type`.

These models are the readable and exported form of the contract (JSON Schema, documentation);
`judge` is the predicate built on them. `null` is as absent, except where the type is `Any`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from durable_streaming.schemas.fields import (
    Id,
    Index,
    LastIndex,
    Offset,
    Parts,
    RunId,
    Sha256,
    Tags,
    Text,
    Time,
    Usage,
    WireModel,
)


class RunStartedData(WireModel):
    """What the run is: its agent, and what it was asked."""

    agent: str
    title: str | None = None
    input: Any = None
    model: str | None = None
    thread_id: Id | None = None
    parent_run_id: Id | None = None
    tags: Tags | None = None


class PlannedStep(WireModel):
    """One step that the agent intends."""

    step_id: Id
    title: str
    depends_on: list[Id] | None = None


class PlanCreatedData(WireModel):
    """The plan; one of a higher revision replaces it."""

    revision: Index
    steps: list[PlannedStep]


class StepStartedData(WireModel):
    """A step begins, or begins again."""

    step_id: Id
    title: str | None = None
    attempt: Index | None = None


class StepCompletedData(WireModel):
    """A step is over."""

    step_id: Id
    status: Literal["succeeded", "failed", "skipped"]
    summary: str | None = None
    error: str | None = None


class DeltaData(WireModel):
    """A piece of text; parts are joined in their order."""

    text: Text
    part: Index | None = None


class ToolCalledData(WireModel):
    """A call of a tool."""

    call_id: Id
    name: str
    arguments: Any
    step_id: Id | None = None


class ToolReturnedData(WireModel):
    """What a tool gave, or its error; with both it failed."""

    call_id: Id
    output: Any = None
    error: str | None = None

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if self.error is None and "output" not in self.model_fields_set:
            raise ValueError("neither output nor error")
        return self


class CitedRange(WireModel):
    """A range of the answer in code points, the end exclusive."""

    start: Index
    end: Index


class SourceAddedData(WireModel):
    """A source of the answer, and where the answer cites it."""

    source_id: Id
    kind: Literal["url", "document"]
    url: str | None = None
    title: str | None = None
    snippet: str | None = None
    cited: list[CitedRange] | None = None


class RunWaitingData(WireModel):
    """The run waits for a person; its idle clock stands."""

    for_: Literal["approval", "input", "other"] = Field(alias="for")
    detail: str | None = None


class QualityCheckedData(WireModel):
    """The verdict of one check."""

    check: str
    verdict: Literal["pass", "warn", "fail"]
    score: float | None = None
    detail: str | None = None


class Answer(WireModel):
    """The final answer that the run claims: its text, or length and SHA-256 of one too long."""

    text: str | None = None
    length: Index | None = None
    sha256: Sha256 | None = None
    parts: Parts | None = None
    source_ids: list[Id] | None = None

    @model_validator(mode="after")
    def _claims_something(self) -> Self:
        if self.text is None and (self.length is None or self.sha256 is None):
            raise ValueError("neither text nor length and sha256")
        return self


class RunError(WireModel):
    """Why a run failed."""

    type: str
    message: str


class RunCompletedData(WireModel):
    """The run's own end, with the answer it stands for."""

    answer: Answer | None = None
    usage: Usage | None = None


class RunFailedData(WireModel):
    """The run ended by an error."""

    error: RunError
    answer: Answer | None = None
    usage: Usage | None = None


class RunCancelledData(WireModel):
    """The run was called off."""

    reason: str | None = None
    answer: Answer | None = None
    usage: Usage | None = None


class RunTimedOutData(WireModel):
    """The run had no event for so long; holds when nothing came in between."""

    idle_seconds: float
    last_seq: LastIndex
    last_epoch: LastIndex


class CancelRequestedData(WireModel):
    """Somebody wants the run to stop; what they had seen."""

    requested_by: str | None = None
    reason: str | None = None
    seen_offset: Offset | None = None


class EventForm(WireModel):
    """What every event has."""

    schema_version: Literal[1]
    run_id: RunId
    type: Annotated[str, Field(min_length=1)]
    time: Time


class ProducerEvent(EventForm):
    """Written by the run's own producer, in sequence."""

    seq: Index
    producer_id: Id
    producer_epoch: Index


class ControlEvent(EventForm):
    """Says something about a run from outside its sequence."""

    seq: None = None


class RunStarted(ProducerEvent):
    """`run.started`."""

    type: Literal["run.started"]
    data: RunStartedData


class PlanCreated(ProducerEvent):
    """`plan.created`."""

    type: Literal["plan.created"]
    data: PlanCreatedData


class StepStarted(ProducerEvent):
    """`step.started`."""

    type: Literal["step.started"]
    data: StepStartedData


class StepCompleted(ProducerEvent):
    """`step.completed`."""

    type: Literal["step.completed"]
    data: StepCompletedData


class TextDelta(ProducerEvent):
    """`text.delta`."""

    type: Literal["text.delta"]
    data: DeltaData


class ReasoningDelta(ProducerEvent):
    """`reasoning.delta`."""

    type: Literal["reasoning.delta"]
    data: DeltaData


class ToolCalled(ProducerEvent):
    """`tool.called`."""

    type: Literal["tool.called"]
    data: ToolCalledData


class ToolReturned(ProducerEvent):
    """`tool.returned`."""

    type: Literal["tool.returned"]
    data: ToolReturnedData


class SourceAdded(ProducerEvent):
    """`source.added`."""

    type: Literal["source.added"]
    data: SourceAddedData


class RunWaiting(ProducerEvent):
    """`run.waiting`."""

    type: Literal["run.waiting"]
    data: RunWaitingData


class QualityChecked(ProducerEvent):
    """`quality.checked`."""

    type: Literal["quality.checked"]
    data: QualityCheckedData


class RunCompleted(ProducerEvent):
    """`run.completed`."""

    type: Literal["run.completed"]
    data: RunCompletedData | None = None


class RunFailed(ProducerEvent):
    """`run.failed`."""

    type: Literal["run.failed"]
    data: RunFailedData


class RunCancelled(ProducerEvent):
    """`run.cancelled`."""

    type: Literal["run.cancelled"]
    data: RunCancelledData | None = None


class RunTimedOut(ControlEvent):
    """`run.timed_out`."""

    type: Literal["run.timed_out"]
    data: RunTimedOutData


class CancelRequested(ControlEvent):
    """`run.cancel_requested`."""

    type: Literal["run.cancel_requested"]
    data: CancelRequestedData | None = None


class RunResumed(ControlEvent):
    """`run.resumed`: a producer takes the run over, under the epoch that stands here."""

    type: Literal["run.resumed"]
    producer_id: Id
    producer_epoch: Index
    data: dict[str, Any] | None = None


AnyEvent = Annotated[
    RunStarted
    | PlanCreated
    | StepStarted
    | StepCompleted
    | TextDelta
    | ReasoningDelta
    | ToolCalled
    | ToolReturned
    | SourceAdded
    | RunWaiting
    | QualityChecked
    | RunCompleted
    | RunFailed
    | RunCancelled
    | RunTimedOut
    | CancelRequested
    | RunResumed,
    Field(discriminator="type"),
]
"""Every event type of schema version 1; `x.*` and unknown types have `UnknownEvent`."""


class UnknownEvent(ProducerEvent):
    """`x.*`, and types that this version does not know: they keep their turn in the sequence."""

    data: Any = None


class UnknownControlEvent(ControlEvent):
    """`control.*` of a type that this version does not know."""

    data: Any = None
