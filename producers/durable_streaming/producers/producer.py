"""The producer of an agent's process, for programs with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from durable_streaming.producers import facts
from durable_streaming.producers.errors import NotOpen, ProducerError, raise_first
from durable_streaming.producers.identity import new_run_id
from durable_streaming.producers.run import RunHandle

if TYPE_CHECKING:
    from durable_streaming.eventlog import KafkaSettings, Log
    from durable_streaming.producers.delivery.engine import Engine
    from durable_streaming.producers.delivery.run_writer import RunWriter
    from durable_streaming.producers.facts import Json
    from durable_streaming.producers.options import ProducerOptions


class AgentProducer:
    """Publishes the runs of one process, however many at a time.

    ```python
    async with AgentProducer() as producer:
        async with producer.run(agent="researcher", title="Why Kafka?") as run:
            async with run.step("search"):
                await run.source("doc-1", url="https://kafka.apache.org")
            run.text("Kafka keeps ")
            run.text("everything in order.")
            await run.complete("Kafka keeps everything in order.")
    ```

    Leaving the block waits until every event has its outcome, and raises where one is not stored.
    Whether a run was still its handle's, and not taken over, `run.flush()` says.
    One producer serves a whole process; it must be opened after a fork, not before.

    Args:
        settings: of the connection; the `DURABLE_*` environment, when None.
        options: of merging, memory and deadlines.
        log: another log than the settings' Kafka, for instance `eventlog.MemoryLog` in tests.
    """

    def __init__(
        self,
        settings: KafkaSettings | None = None,
        *,
        options: ProducerOptions | None = None,
        log: Log | None = None,
    ) -> None:
        self._settings = settings
        self._options = options
        self._log = log
        self._engine: Engine | None = None

    def run(
        self,
        *,
        agent: str,
        title: str | None = None,
        input: Json = None,  # the protocol's own name
        model: str | None = None,
        thread_id: str | None = None,
        parent_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        run_id: str | None = None,
    ) -> RunHandle:
        """Make a run, to be entered: `async with producer.run(agent="...") as run:`.

        Args:
            agent: name of the agent.
            title: what the run is about, for people.
            input: what the agent was asked, any JSON.
            model: the language model's name.
            thread_id: the conversation that the run belongs to.
            parent_run_id: the run that started this one.
            tags: at most 50; tokens of the gateway may be bound to them.
            run_id: an id of your own, never used before; otherwise one is made.

        Raises:
            Misuse: the id can't name a run.
            NotOpen: the producer is not open in this process.
        """
        started = facts.started(agent, title, input, model, thread_id, parent_run_id, tags)
        engine = self._opened()
        return RunHandle(engine.new_run(run_id or new_run_id()), started, engine)

    def resume(self, run_id: str) -> Resumption:
        """Take over a run that a producer left: `async with producer.resume(run_id) as run:`.

        Entering raises the run's epoch, which fences the older producer, and goes on after the
        highest seq that the log holds. It raises `RunNotFound`, `RunEnded`, or `RunTakenOver`
        where another taker was first.
        """
        return Resumption(self._opened(), run_id)

    async def serve(
        self,
        name: str,
        handler: Callable[[RunHandle, Any], Awaitable[object]],
        *,
        max_runs: int = 100,
    ) -> None:
        """Serve requests for an agent until cancelled.

        All workers that serve a name share its requests. `handler` is called with the run, which
        has started, and the request's input; returning and raising end the run as leaving its
        block does. A request is one worker's as long as that worker lives. Where it dies before
        `run.started` is stored, another one gets the request; a run that has started is never
        started again, and `resume` goes on with it.

        Args:
            name: the agent that requests ask for; the runs carry it.
            handler: what the agent does; an exception ends its run only.
            max_runs: at a time in this process; further requests wait.

        Raises:
            LogFailed: requests can't be read at all, for instance because a topic is missing.
            PublishingStopped: the broker refuses this producer's events.
            Misuse: the name is empty, `max_runs` below 1, or the log is not Kafka.
        """
        from durable_streaming.producers.serving import serve

        await serve(self._opened(), name, handler, max_runs)

    async def flush(self) -> None:
        """Flush every run that has not ended, or of which not all is known to be stored.

        Raises:
            OutcomeUnknown, PublishingStopped, RunTakenOver: as `RunHandle.flush`, of the first run
                that has something to say, with the other runs in its notes.
        """
        await self._flush(self._opened())

    async def _flush(self, asking: Engine | None) -> None:
        errors: list[ProducerError] = []
        for writer in self._opened().outbox.runs():
            try:
                await RunHandle(writer, None, asking).flush()
            except ProducerError as error:
                errors.append(error)
        raise_first(errors)

    async def __aenter__(self) -> Self:
        if self._engine is not None:
            raise NotOpen("this producer is open already: share it between the runs")
        # In a thread, because the first opening imports the Kafka client and the schemas.
        self._engine = await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        engine = self._opened()
        if engine.outbox.is_inherited:
            # The events are the parent's to store, and a lock may have been held at the fork.
            self._engine = None
            return
        try:
            # Only whether all is stored: reading who owns the runs could take longer than they did.
            await self._flush(None)
        except ProducerError as unstored:
            if error is None:
                raise
            error.add_note(f"and not every event was stored: {unstored}")
        finally:
            self._engine = None
            await asyncio.to_thread(engine.close)

    def _open(self) -> Engine:
        # Here, so that importing the SDK costs no more than its own few modules.
        from durable_streaming.producers.delivery.engine import Engine

        return Engine(self._settings, self._options, self._log)

    def _opened(self) -> Engine:
        if self._engine is None:
            raise NotOpen("open the producer first: async with AgentProducer() as producer")
        return self._engine


class Resumption:
    """A take-over, done when its block is entered; made by `AgentProducer.resume`."""

    def __init__(self, engine: Engine, run_id: str) -> None:
        self._engine = engine
        self._run_id = run_id
        self._handle: RunHandle | None = None

    async def __aenter__(self) -> RunHandle:
        from durable_streaming.producers.takeover import take_over

        loop = asyncio.get_running_loop()
        taking = loop.run_in_executor(None, take_over, self._engine, self._run_id)
        try:
            writer = await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The thread can't be stopped: when it has taken the run over, nobody wants it.
            taking.add_done_callback(_let_go)
            raise
        self._handle = RunHandle(writer, None, self._engine)
        return self._handle

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            await self._handle.__aexit__(kind, error, trace)


def _let_go(taking: asyncio.Future[RunWriter]) -> None:
    if not taking.cancelled() and taking.exception() is None:
        writer = taking.result()
        writer.outbox.unregister(writer)
