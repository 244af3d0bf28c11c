"""What a run has done so far, and what makes no sense next.

The log itself is lenient: whatever is valid is stored and folded as far as it means something.
An agent's own handle is strict, because out of order here means a bug in the agent.
"""

from collections.abc import Mapping
from typing import Any

from durable_streaming.producers.errors import Misuse, RunEnded, StepMisuse
from durable_streaming.schemas import TERMINAL_TYPES


class Lifecycle:
    """The state of one run as its producer knows it.

    Attributes:
        ended: type of the terminal event, None while the run goes on.
        plan_revision: of the last plan, -1 before any.
    """

    def __init__(self, run_id: str, *, strict: bool = True) -> None:
        self.ended: str | None = None
        self.plan_revision = -1
        self._run_id = run_id
        self._strict = strict
        self._started = False
        self._running_steps: set[str] = set()
        self._inherited_steps: set[str] = set()
        self._calls: set[str] = set()
        self._source_kinds: dict[str, str] = {}

    def source_kind(self, source_id: str) -> str | None:
        """Give the kind of a source that the run has; a merge must not change it unasked."""
        return self._source_kinds.get(source_id)

    def check_open(self) -> None:
        """Refuse whatever comes before the start or after the end.

        Raises:
            RunEnded: the run has its terminal event.
            Misuse: the run's block was not entered.
        """
        if self._strict and not self._started:
            raise Misuse(
                f"run {self._run_id!r} has not started: enter it first, with producer.run(...) as "
                "run"
            )
        if self.ended is not None:
            raise RunEnded(
                f"run {self._run_id!r} has ended ({self.ended}): append before it ends, or start "
                "a new run"
            )

    def check(self, event_type: str, data: Any) -> None:
        """Refuse what makes no sense now.

        Raises:
            Misuse: with the remedy.
        """
        if event_type == "run.started" and self._strict:
            if self._started:
                raise Misuse(f"run {self._run_id!r} has started already: go on with its handle")
            return
        self.check_open()
        if not self._strict or not isinstance(data, Mapping):
            return
        if event_type in ("step.started", "step.completed"):
            self._check_step(event_type, data)
        if event_type == "tool.returned" and data.get("call_id") not in self._calls:
            raise Misuse(f"no tool call {data.get('call_id')!r}: append tool.called first")

    def _check_step(self, event_type: str, data: Mapping[str, Any]) -> None:
        step_id = data.get("step_id")
        running = step_id in self._running_steps
        if event_type == "step.started" and running and step_id not in self._inherited_steps:
            raise StepMisuse(
                f"step {step_id!r} is running: complete it before starting it again, or give the "
                "other one a step_id of its own"
            )
        if event_type == "step.completed" and not running and data.get("status") != "skipped":
            raise StepMisuse(
                f"step {step_id!r} is not running: start it first; only a skipped step may "
                "complete without a start"
            )

    def take_up(self) -> None:
        """Go on with a run that another producer started; its open steps may start again."""
        self._started = True
        self._inherited_steps = set(self._running_steps)

    def apply(self, event_type: str, data: Any) -> None:
        """Take note of an event that was appended, or read back from the log."""
        if event_type in TERMINAL_TYPES:
            self.ended = event_type
        if not self._strict or not isinstance(data, Mapping):
            return
        if event_type == "run.started":
            self._started = True
        elif event_type == "plan.created":
            self.plan_revision = max(self.plan_revision, data["revision"])
        elif event_type == "step.started":
            self._running_steps.add(data["step_id"])
            self._inherited_steps.discard(data["step_id"])
        elif event_type == "step.completed":
            self._running_steps.discard(data["step_id"])
        elif event_type == "tool.called":
            self._calls.add(data["call_id"])
        elif event_type == "source.added":
            self._source_kinds[data["source_id"]] = data["kind"]
