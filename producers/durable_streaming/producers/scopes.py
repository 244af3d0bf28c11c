"""A step and a tool call as blocks: entering starts, leaving completes."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from durable_streaming.producers import facts
from durable_streaming.producers.errors import ProducerError
from durable_streaming.producers.identity import new_call_id

if TYPE_CHECKING:
    from durable_streaming.producers.facts import Json, StepStatus
    from durable_streaming.producers.run import RunHandle


class StepScope:
    """A step of a run while it is executed; made by `RunHandle.step`.

    Leaving the block completes the step: failed with an exception, else succeeded.
    """

    def __init__(self, run: RunHandle, step_id: str, title: str | None) -> None:
        self.step_id = step_id
        self._run = run
        self._title = title
        self._completed = False

    async def complete(
        self,
        status: StepStatus = "succeeded",
        summary: str | None = None,
        *,
        error: str | None = None,
    ) -> None:
        """Complete the step before its block ends, to say more than that it succeeded."""
        await self._run.emit(*facts.step_completed(self.step_id, status, summary, error))
        self._completed = True

    async def __aenter__(self) -> Self:
        await self._run.emit(*facts.step_started(self.step_id, self._title))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._completed or self._run.ended:
            return
        try:
            await self._run.emit(*facts.step_ending(self.step_id, error))
        except ProducerError:
            # The exception that ended the block says more than that it could not be told.
            if error is None:
                raise


class ToolScope:
    """A tool call while it runs; made by `RunHandle.tool`.

    Leaving the block returns from the call: with the exception as its error, else with what
    `returned` was given, else with nothing.
    """

    def __init__(
        self, run: RunHandle, name: str, arguments: Json, call_id: str | None, step_id: str | None
    ) -> None:
        self.call_id = call_id or new_call_id()
        self._run = run
        self._called = facts.called(self.call_id, name, arguments, step_id)
        self._returned = False

    async def returned(self, output: Json = None, *, error: str | None = None) -> None:
        """Say what the tool gave; with `error` the call failed."""
        await self._run.emit(*facts.returned(self.call_id, output, error))
        self._returned = True

    async def __aenter__(self) -> Self:
        await self._run.emit(*self._called)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._returned or self._run.ended:
            return
        try:
            await self.returned(error=None if error is None else facts.describe(error))
        except ProducerError:
            if error is None:
                raise
