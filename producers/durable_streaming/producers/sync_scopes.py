"""A step and a tool call as blocks, for programs without an event loop; the twin of `scopes`."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from durable_streaming.producers import facts
from durable_streaming.producers.errors import ProducerError
from durable_streaming.producers.identity import new_call_id

if TYPE_CHECKING:
    from durable_streaming.producers.facts import Json, StepStatus
    from durable_streaming.producers.sync_run import SyncRunHandle


class SyncStepScope:
    """As `StepScope`."""

    def __init__(self, run: SyncRunHandle, step_id: str, title: str | None) -> None:
        self.step_id = step_id
        self._run = run
        self._title = title
        self._completed = False

    def complete(
        self,
        status: StepStatus = "succeeded",
        summary: str | None = None,
        *,
        error: str | None = None,
    ) -> None:
        """Complete the step before its block ends, to say more than that it succeeded."""
        self._run.emit(*facts.step_completed(self.step_id, status, summary, error))
        self._completed = True

    def __enter__(self) -> Self:
        self._run.emit(*facts.step_started(self.step_id, self._title))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._completed or self._run.ended:
            return
        try:
            self._run.emit(*facts.step_ending(self.step_id, error))
        except ProducerError:
            if error is None:
                raise


class SyncToolScope:
    """As `ToolScope`."""

    def __init__(
        self,
        run: SyncRunHandle,
        name: str,
        arguments: Json,
        call_id: str | None,
        step_id: str | None,
    ) -> None:
        self.call_id = call_id or new_call_id()
        self._run = run
        self._called = facts.called(self.call_id, name, arguments, step_id)
        self._returned = False

    def returned(self, output: Json = None, *, error: str | None = None) -> None:
        """Say what the tool gave; with `error` the call failed."""
        self._run.emit(*facts.returned(self.call_id, output, error))
        self._returned = True

    def __enter__(self) -> Self:
        self._run.emit(*self._called)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._returned or self._run.ended:
            return
        try:
            self.returned(error=None if error is None else facts.describe(error))
        except ProducerError:
            if error is None:
                raise
