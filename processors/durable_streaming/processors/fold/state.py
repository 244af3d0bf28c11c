"""Everything the fold knows of a run that has not ended."""

from operator import itemgetter
from typing import Any, Final, NamedTuple

from durable_streaming.processors.fold.bounds import LIST_ENTRIES
from durable_streaming.processors.fold.order import Order
from durable_streaming.processors.fold.pages import Pages, Table
from durable_streaming.processors.fold.rows import (
    CheckRow,
    PlannedStep,
    Source,
    Step,
    Tool,
    Violation,
)
from durable_streaming.processors.fold.stretch import Stretch
from durable_streaming.processors.fold.text import Text
from durable_streaming.schemas.sequence import Lineage


class Start(NamedTuple):
    """What the first `run.started` said of the run."""

    agent: str | None = None
    title: str | None = None
    model: str | None = None
    thread_id: str | None = None
    parent_run_id: str | None = None
    tags: dict[str, str] = {}  # noqa: RUF012  # a default that nobody changes


NOT_STARTED: Final = Start()


class Ending(NamedTuple):
    """How the run ended, and what its terminal event carried (nothing after a time-out)."""

    status: str
    time: str
    data: dict[str, Any]


class Run:
    """The fold of one run's records so far.

    Attributes:
        started: whether a `run.started` was folded.
        count: folded records; `first_offset` and `last_offset` are their extremes.
        applied_offset: the run's last valid record, whatever became of it.
        last_event_ms: the broker's time of that record (the latest, where clocks went back).
        pages: all growing lists by their names in the state topic.
        page_counts: how many pages each list has, of those that have any.
        stretch: deltas that are noted and not folded yet.
        sections: the written lists of the head, kept while they do not change.
        segments: what stands between the changing fields of the head, made of the sections.
    """

    __slots__ = (
        "applied_offset",
        "cancel_requested",
        "checks",
        "control_types",
        "count",
        "ending",
        "first_offset",
        "key",
        "last_event_ms",
        "last_offset",
        "lineage",
        "order",
        "page_counts",
        "pages",
        "plan",
        "plan_revision",
        "quoted_id",
        "reasoning_length",
        "run_id",
        "sections",
        "segments",
        "sources",
        "start",
        "started",
        "started_at",
        "steps",
        "stretch",
        "text",
        "timeout_asked_ms",
        "tools",
        "updated_at",
        "violation_count",
        "violations",
        "waiting_for",
    )

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.key = run_id.encode()
        # A run id has nothing to escape.
        self.quoted_id = b'"%b"' % self.key
        self.start = NOT_STARTED
        self.started = False
        self.started_at: str | None = None
        self.updated_at: str | None = None
        self.plan_revision: int | None = None
        self.plan: Table[PlannedStep] = Table(itemgetter("step_id"))
        self.steps: Table[Step] = Table(itemgetter("step_id"))
        self.sources: Table[Source] = Table(itemgetter("source_id"))
        self.checks: Table[CheckRow] = Table(itemgetter("name"))
        self.tools: Table[Tool] = Table(itemgetter("call_id"))
        self.text = Text()
        self.stretch: Stretch | None = None
        self.reasoning_length = 0
        self.waiting_for: str | None = None
        self.cancel_requested = False
        self.control_types: Table[str] = Table(str)
        self.lineage = Lineage()
        self.order = Order()
        self.violations: Pages[Violation] = Pages()
        self.violation_count = 0
        self.count = 0
        self.first_offset = -1
        self.last_offset = -1
        self.applied_offset = -1
        self.last_event_ms = -1
        self.timeout_asked_ms: int | None = None
        self.ending: Ending | None = None
        self.sections: dict[str, tuple[Any, ...]] = {}
        self.segments: tuple[bytes, ...] | None = None
        self.page_counts: dict[str, int] = {}
        self.pages: dict[str, Pages[Any]] = {
            "plan": self.plan,
            "steps": self.steps,
            "sources": self.sources,
            "checks": self.checks,
            "tools": self.tools,
            "control_types": self.control_types,
            "violations": self.violations,
            "conflicts": self.order.conflicts,
            "missing": self.order.missing,
        }

    def show_anew(self, *sections: str) -> None:
        """Note that lists of the head, or what its start said, changed."""
        for section in sections:
            self.sections.pop(section, None)
        self.segments = None

    def tally(self, seq: int | None, kind: str, time: str, offset: int) -> None:
        """Count a record that is being folded."""
        if self.count == 0:
            self.started_at = time
            self.first_offset = self.last_offset = offset
            if kind != "run.started":
                self.violate(seq, "no_start")
        elif offset > self.last_offset:
            self.last_offset = offset
        elif offset < self.first_offset:
            self.first_offset = offset
        self.count += 1
        self.updated_at = time

    def violate(self, seq: int | None, slug: str) -> None:
        """List what makes no sense where it stands."""
        self.violation_count += 1
        if len(self.violations) < LIST_ENTRIES:
            self.violations.append({"seq": seq, "slug": slug})
