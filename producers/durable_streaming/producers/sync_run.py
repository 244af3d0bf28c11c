"""The handle of a run for programs without an event loop; the twin of `run`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from durable_streaming.producers import facts
from durable_streaming.producers.delivery.waiters import ThreadWaiter
from durable_streaming.producers.errors import BufferFull, ProducerError
from durable_streaming.producers.stopping import SyncStoppableRun
from durable_streaming.producers.sync_scopes import SyncStepScope, SyncToolScope

if TYPE_CHECKING:
    from durable_streaming.producers.delivery.entry import Flushed
    from durable_streaming.producers.facts import Json, PlannedStep, Verdict

_CLIENT_FULL_S = 0.01


class SyncRunHandle(SyncStoppableRun):
    """As `RunHandle`, with the same names; may be used from several threads.

    `text` and `reasoning` wait for room where the producer's options say so: there is no loop that
    they would hold up.
    """

    def text(self, text: str, *, part: int = 0) -> None:
        """Stream a piece of the answer; as `RunHandle.text`."""
        self._when_room(lambda: self._writer.add_delta("text.delta", text, part))

    def reasoning(self, text: str, *, part: int = 0) -> None:
        """Stream a piece of the model's reasoning."""
        self._when_room(lambda: self._writer.add_delta("reasoning.delta", text, part))

    def plan(self, steps: Iterable[str | PlannedStep]) -> None:
        """Say what is going to be done; a later plan replaces the earlier one."""
        self.emit(*self._plan(steps))

    def step(self, step_id: str, *, title: str | None = None) -> SyncStepScope:
        """Execute a step: `with run.step("search"): ...`."""
        return SyncStepScope(self, step_id, title)

    def tool(
        self,
        name: str,
        arguments: Json = None,
        *,
        call_id: str | None = None,
        step_id: str | None = None,
    ) -> SyncToolScope:
        """Call a tool: `with run.tool("search", {"q": q}) as call: ...`."""
        return SyncToolScope(self, name, arguments, call_id, step_id)

    def tool_called(
        self, call_id: str, name: str, arguments: Json = None, *, step_id: str | None = None
    ) -> None:
        """Say that a tool was called, where call and return are apart."""
        self.emit(*facts.called(call_id, name, arguments, step_id))

    def tool_returned(self, call_id: str, output: Json = None, *, error: str | None = None) -> None:
        """Say what a tool gave; with `error` the call failed."""
        self.emit(*facts.returned(call_id, output, error))

    def source(
        self,
        source_id: str,
        *,
        kind: Literal["url", "document"] | None = None,
        url: str | None = None,
        title: str | None = None,
        snippet: str | None = None,
        cited: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        """Add a source, or what is newly known of one; as `RunHandle.source`."""
        known = self._writer.lifecycle.source_kind(source_id)
        fact = facts.source(source_id, kind or known, url, title, snippet, cited)
        self.emit(*fact)

    def check(
        self, check: str, verdict: Verdict, *, score: float | None = None, detail: str | None = None
    ) -> None:
        """Say how a check of quality went."""
        self.emit(*facts.checked(check, verdict, score, detail))

    def waiting(
        self, for_: Literal["approval", "input", "other"], *, detail: str | None = None
    ) -> None:
        """Say that the run waits for someone; it does not time out until its next event."""
        self.emit(*facts.waiting(for_, detail))

    def complete(
        self,
        answer: str | None = None,
        *,
        parts: Sequence[int] | None = None,
        source_ids: Sequence[str] | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        """End the run as completed; as `RunHandle.complete`."""
        self.emit(*facts.completed(answer, parts, source_ids, usage))

    def fail(
        self,
        error: BaseException | str,
        *,
        error_type: str | None = None,
        answer: str | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        """End the run as failed."""
        self.emit(*facts.failed(error, error_type, answer, usage))

    def cancel(
        self,
        reason: str | None = None,
        *,
        answer: str | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        """End the run as cancelled."""
        self.emit(*facts.cancelled(reason, answer, usage))

    def follow(self, stream: Iterable[object], *, api: str = "auto") -> None:
        """Tell what the stream of a model or framework brings; as `RunHandle.follow`."""
        from durable_streaming.producers.following import follow_in_thread

        follow_in_thread(self, stream, api)

    def emit(self, event_type: str, data: Json) -> None:
        """Append an event of any type that is a producer's own, for instance `x.progress`."""
        self._when_room(lambda: self._writer.append(event_type, data))

    def ready(self) -> None:
        """Wait until the producer's memory bound has room.

        Raises:
            BufferFull: there was none within the answer deadline.
        """
        self._wait_for_room(self._writer.outbox.options.answer_deadline_s)
        self._writer.outbox.check_room()

    def flush(self, timeout_s: float | None = None) -> Flushed:
        """Wait until every event so far is stored; as `RunHandle.flush`."""
        waiter = ThreadWaiter()
        mark, waits = self._writer.barrier(waiter)
        answered = waiter.wait(timeout_s) if waits else True
        flushed = self._flushed(mark, answered, timeout_s)
        if (engine := self._needs_owner_check()) is not None:
            engine.ownership.check(self._writer)
        return flushed

    def __enter__(self) -> Self:
        if self._started is None:
            return self
        self._writer.outbox.register(self._writer)
        try:
            self.emit("run.started", self._started)
        except BaseException:
            self._writer.outbox.unregister(self._writer)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        if self.ended:
            return
        try:
            self.emit(*facts.ending(error))
        except ProducerError:
            # The exception that ended the block says more than that it could not be told.
            if error is None:
                raise

    def _when_room(self, append: Callable[[], object]) -> None:
        outbox = self._writer.outbox
        deadline_s: float | None = None
        while True:
            try:
                append()
                return
            except BufferFull:
                deadline_s = deadline_s or outbox.deadline_s()
                left_s = deadline_s - outbox.monotonic()
                if outbox.options.when_full == "fail" or left_s <= 0:
                    raise
                if not self._wait_for_room(left_s):
                    time.sleep(_CLIENT_FULL_S)

    def _wait_for_room(self, timeout_s: float) -> bool:
        """Give whether there was a need to wait."""
        waiter = ThreadWaiter()
        if not self._writer.outbox.wait_for_room(waiter):
            return False
        waiter.wait(timeout_s)
        return True
