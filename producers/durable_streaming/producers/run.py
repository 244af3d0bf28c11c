"""The handle through which an agent tells what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from durable_streaming.producers import facts
from durable_streaming.producers.delivery.waiters import LoopWaiter
from durable_streaming.producers.errors import BufferFull, ProducerError
from durable_streaming.producers.scopes import StepScope, ToolScope
from durable_streaming.producers.stopping import StoppableRun

if TYPE_CHECKING:
    from durable_streaming.producers.delivery.entry import Flushed
    from durable_streaming.producers.facts import Json, PlannedStep, Verdict

# How soon to look again where the client's own queue is full, which tells no one when it is not.
_CLIENT_FULL_S = 0.01


class RunHandle(StoppableRun):
    """One run of an agent; made by `AgentProducer.run` and `AgentProducer.resume`.

    Entering appends `run.started`. Every awaited method appends an event behind all that came
    before it and returns as soon as it is taken, not when it is stored: `flush` is the barrier.
    Leaving the block ends a run that has no end: as failed with an exception, as cancelled when
    the task is cancelled, else as completed without a claimed answer.

    Each method raises `EventRefused` (not valid; nothing was written and no seq used), `Misuse`
    (out of order), `BufferFull` or `PublishingStopped` (the broker refused the run's events).
    """

    def text(self, text: str, *, part: int = 0) -> None:
        """Stream a piece of the answer; buffers, never waits.

        Args:
            text: any length; an empty one says nothing and is not written.
            part: parts are joined in their order. Text before a tool call, or of a generation that
                is tried again, is a part of its own that the answer need not stand for.
        """
        self._writer.add_delta("text.delta", text, part)

    def reasoning(self, text: str, *, part: int = 0) -> None:
        """Stream a piece of the model's reasoning; as `text`."""
        self._writer.add_delta("reasoning.delta", text, part)

    async def plan(self, steps: Iterable[str | PlannedStep]) -> None:
        """Say what is going to be done; a later plan replaces the earlier one."""
        await self.emit(*self._plan(steps))

    def step(self, step_id: str, *, title: str | None = None) -> StepScope:
        """Execute a step: `async with run.step("search"): ...`."""
        return StepScope(self, step_id, title)

    def tool(
        self,
        name: str,
        arguments: Json = None,
        *,
        call_id: str | None = None,
        step_id: str | None = None,
    ) -> ToolScope:
        """Call a tool: `async with run.tool("search", {"q": q}) as call: ...`."""
        return ToolScope(self, name, arguments, call_id, step_id)

    async def tool_called(
        self, call_id: str, name: str, arguments: Json = None, *, step_id: str | None = None
    ) -> None:
        """Say that a tool was called, where call and return are apart."""
        await self.emit(*facts.called(call_id, name, arguments, step_id))

    async def tool_returned(
        self, call_id: str, output: Json = None, *, error: str | None = None
    ) -> None:
        """Say what a tool gave; with `error` the call failed."""
        await self.emit(*facts.returned(call_id, output, error))

    async def source(
        self,
        source_id: str,
        *,
        kind: Literal["url", "document"] | None = None,
        url: str | None = None,
        title: str | None = None,
        snippet: str | None = None,
        cited: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        """Add a source, or what is newly known of one.

        Args:
            source_id: the same again merges.
            kind: as before for a known source, else `url` where a url is given, else `document`.
            url: where it is.
            title: of the source.
            snippet: of its text.
            cited: ranges of the answer, in code points, that cite it.
        """
        known = self._writer.lifecycle.source_kind(source_id)
        fact = facts.source(source_id, kind or known, url, title, snippet, cited)
        await self.emit(*fact)

    async def check(
        self, check: str, verdict: Verdict, *, score: float | None = None, detail: str | None = None
    ) -> None:
        """Say how a check of quality went."""
        await self.emit(*facts.checked(check, verdict, score, detail))

    async def waiting(
        self, for_: Literal["approval", "input", "other"], *, detail: str | None = None
    ) -> None:
        """Say that the run waits for someone; it does not time out until its next event."""
        await self.emit(*facts.waiting(for_, detail))

    async def complete(
        self,
        answer: str | None = None,
        *,
        parts: Sequence[int] | None = None,
        source_ids: Sequence[str] | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        """End the run as completed.

        Args:
            answer: the final text as the agent has it, which is compared with what was streamed.
                None claims nothing, and the run's verdict is `unclaimed`.
            parts: which streamed parts it stands for; all, when None.
            source_ids: the sources it claims; None claims none.
            usage: the provider's own object, at most 4 KiB.
        """
        await self.emit(*facts.completed(answer, parts, source_ids, usage))

    async def fail(
        self,
        error: BaseException | str,
        *,
        error_type: str | None = None,
        answer: str | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        """End the run as failed."""
        await self.emit(*facts.failed(error, error_type, answer, usage))

    async def cancel(
        self,
        reason: str | None = None,
        *,
        answer: str | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        """End the run as cancelled."""
        await self.emit(*facts.cancelled(reason, answer, usage))

    async def follow(
        self, stream: AsyncIterable[object] | Iterable[object], *, api: str = "auto"
    ) -> None:
        """Tell what the stream of a model or framework brings, while it comes, and how it ends.

        ```python
        await run.follow(await client.responses.create(model=..., input=..., stream=True))
        ```

        The stream is the run: its end ends the run, as completed, failed or cancelled. A stream
        that just ends is a failed run with the error type `cut`; an exception of the stream leaves
        this method, and ends the run where it leaves its block.

        An agent that asks its model several times gives the responses one after the other, as an
        asynchronous generator does that calls `tool_returned` between them (`examples/`).

        Args:
            stream: the SDK's own stream of objects, or decoded chunks of a recording.
            api: a name from `adapters.ADAPTERS`; `auto` tells it from the first chunk.

        Raises:
            UnknownStream: no adapter reads this stream, or none has this name.
            TypeError: what comes is no chunk.
        """
        from durable_streaming.producers.following import follow

        await follow(self, stream, api)

    async def emit(self, event_type: str, data: Json) -> None:
        """Append an event of any type that is a producer's own, for instance `x.progress`."""
        outbox = self._writer.outbox
        deadline_s: float | None = None
        while True:
            try:
                self._writer.append(event_type, data)
                return
            except BufferFull:
                deadline_s = deadline_s or outbox.deadline_s()
                left_s = deadline_s - outbox.monotonic()
                if outbox.options.when_full == "fail" or left_s <= 0:
                    raise
                if not await self._wait_for_room(left_s):
                    await asyncio.sleep(_CLIENT_FULL_S)

    async def ready(self) -> None:
        """Wait until the producer's memory bound has room.

        Raises:
            BufferFull: there was none within the answer deadline.
        """
        await self._wait_for_room(self._writer.outbox.options.answer_deadline_s)
        self._writer.outbox.check_room()

    async def flush(self, timeout_s: float | None = None) -> Flushed:
        """Wait until every event so far is stored, and see whether the run is still this handle's.

        Args:
            timeout_s: give up earlier than the answer deadline of the events.

        Raises:
            OutcomeUnknown: an answer did not come in time; says for which seqs.
            PublishingStopped: the broker refused an event for good.
            RunTakenOver: another producer took the run over before the last of these events, which
                are stored and count nowhere from there on. This handle refuses to go on.
            LogFailed: all is stored, but who owns the run can't be read.
        """
        waiter = LoopWaiter()
        mark, waits = self._writer.barrier(waiter)
        answered = await waiter.wait(timeout_s) if waits else True
        flushed = self._flushed(mark, answered, timeout_s)
        if (engine := self._needs_owner_check()) is not None:
            await asyncio.to_thread(engine.ownership.check, self._writer)
        return flushed

    async def __aenter__(self) -> Self:
        if self._started is None:
            return self
        self._writer.outbox.register(self._writer)
        try:
            await self.emit("run.started", self._started)
        except BaseException:
            self._writer.outbox.unregister(self._writer)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        if self.ended:
            return
        try:
            await self.emit(*facts.ending(error))
        except ProducerError:
            # The exception that ended the block says more than that it could not be told.
            if error is None:
                raise

    async def _wait_for_room(self, timeout_s: float) -> bool:
        """Give whether there was a need to wait."""
        waiter = LoopWaiter()
        if not self._writer.outbox.wait_for_room(waiter):
            return False
        await waiter.wait(timeout_s)
        return True
