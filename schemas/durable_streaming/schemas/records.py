"""The derived records, as readers see them.

The processors write them as canonical JSON from the pure fold; these models document them and
read them back. Every named field is there; those with a default of `None` marked optional in
`docs/protocol.md` (`summary`, `error` of a step) may be left out.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from durable_streaming.schemas.fields import Usage, WireModel

RunStatus = Literal["running", "completed", "failed", "cancelled", "timed_out"]
Verdict = Literal["incomplete", "diverged", "unclaimed", "reconciled"]


class Step(WireModel):
    """A step as it stands; `planned`: it is in the last plan."""

    step_id: str
    title: str | None
    status: Literal["planned", "running", "succeeded", "failed", "skipped"]
    attempt: int
    planned: bool
    summary: str | None = None
    error: str | None = None


class PlanStep(WireModel):
    """A step of the plan."""

    step_id: str
    title: str
    depends_on: list[str] | None = None


class Plan(WireModel):
    """The last plan."""

    revision: int
    steps: list[PlanStep]


class Range(WireModel):
    """A cited range of the answer, in code points."""

    start: int
    end: int


class Source(WireModel):
    """A source with what its events gave."""

    source_id: str
    kind: Literal["url", "document"]
    url: str | None
    title: str | None
    snippet: str | None
    cited: list[Range]


class Check(WireModel):
    """The last verdict of a check."""

    check: str
    verdict: Literal["pass", "warn", "fail"]
    score: float | None
    detail: str | None


class Tool(WireModel):
    """A call of a tool, without what went in and came out."""

    call_id: str
    name: str | None
    step_id: str | None
    status: Literal["called", "returned", "failed"]
    error: str | None


class Counts(WireModel):
    """True numbers, also where a list keeps its first 100 only."""

    events: int
    steps: int
    sources: int
    checks: int
    tools: int


class DeltaLength(WireModel):
    """Which event streamed how many code points of a chunk."""

    seq: int
    part: int
    length: int


class DraftText(WireModel):
    """Where the draft's text is: sealed chunks by number, and the tail not sealed yet."""

    length: int
    chunks: int
    tail: str
    deltas: list[DeltaLength]


class Applied(WireModel):
    """Up to where a record stands for the log."""

    seq: int
    partition: int
    offset: int


class RunFacts(WireModel):
    """What draft head and packet share."""

    schema_version: Literal[1]
    run_id: str
    agent: str | None
    title: str | None
    model: str | None
    thread_id: str | None
    parent_run_id: str | None
    tags: dict[str, str]
    started_at: str | None
    plan: Plan | None
    steps: list[Step]
    sources: list[Source]
    checks: list[Check]
    tools: list[Tool]
    producer_epoch: int
    highest_seq: int
    counts: Counts


class DraftHead(RunFacts):
    """The draft while the run is under way; key: run id."""

    status: Literal["running"]
    updated_at: str | None
    text: DraftText
    reasoning_length: int
    waiting: Literal["approval", "input", "other"] | None
    cancel_requested: bool
    pending: int
    applied: Applied


class DraftChunk(WireModel):
    """A sealed piece of draft text; key: run id, `#`, number."""

    schema_version: Literal[1]
    run_id: str
    chunk: int
    text: str
    deltas: list[DeltaLength]


class EventSpan(WireModel):
    """The folded records of a run."""

    partition: int
    first_offset: int
    last_offset: int
    count: int


class ErrorFacts(WireModel):
    """Why a run failed."""

    type: str
    message: str


class Packet(RunFacts):
    """The sealed answer of a run that ended; key: run id."""

    status: Literal["completed", "failed", "cancelled", "timed_out"]
    text: str | None
    text_chunks: int
    text_sha256: str
    usage: Usage | None
    error: ErrorFacts | None
    ended_at: str | None
    events: EventSpan


class PacketChunk(WireModel):
    """A piece of a packet's long text; key: run id, `#`, number."""

    schema_version: Literal[1]
    run_id: str
    chunk: int
    text: str


class TextVerdict(WireModel):
    """Streamed against final text."""

    streamed_length: int
    final_length: int | None
    first_difference: int | None
    first_difference_seq: int | None
    streamed_sha256: str
    final_sha256: str | None


class Conflict(WireModel):
    """A second event under a seq that says something else."""

    seq: int
    offset: int


class Violation(WireModel):
    """What made no sense where it stood."""

    seq: int | None
    slug: str


class SequenceVerdict(WireModel):
    """What the sequence lacked or had too often; `missing` are inclusive ranges."""

    last: int
    missing: list[Annotated[list[int], Field(min_length=2, max_length=2)]]
    missing_count: int
    duplicates: int
    conflicts: list[Conflict]
    conflict_count: int
    late: int
    fenced: int
    violations: list[Violation]
    violation_count: int


class StepsVerdict(WireModel):
    """Plan against execution."""

    planned_not_run: list[str]
    unplanned: list[str]
    unfinished: list[str]


class SourcesVerdict(WireModel):
    """Claimed against streamed sources."""

    streamed_only: list[str]
    final_only: list[str]


class ChecksVerdict(WireModel):
    """How the checks ended."""

    passed: int
    warned: int
    failed: int


class ReconciliationApplied(WireModel):
    """The last record that the verdict has taken into account."""

    partition: int
    offset: int


class Reconciliation(WireModel):
    """The verdict on packet against stream; key: run id."""

    schema_version: Literal[1]
    run_id: str
    verdict: Verdict
    text: TextVerdict
    sequence: SequenceVerdict
    steps: StepsVerdict
    sources: SourcesVerdict
    checks: ChecksVerdict
    events: EventSpan
    applied: ReconciliationApplied


class RunRequest(WireModel):
    """A wish for a run; key: run id."""

    run_id: str
    agent: str
    input: Any
    requested_by: str | None = None
    time: str
