"""The producer of an agent's process, for programs without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from durable_streaming.producers import facts
from durable_streaming.producers.errors import NotOpen, ProducerError, raise_first
from durable_streaming.producers.identity import new_run_id
from durable_streaming.producers.sync_run import SyncRunHandle

if TYPE_CHECKING:
    from durable_streaming.eventlog import KafkaSettings, Log
    from durable_streaming.producers.delivery.engine import Engine
    from durable_streaming.producers.facts import Json
    from durable_streaming.producers.options import ProducerOptions


class SyncAgentProducer:
    """As `AgentProducer`, with the same names; may be used from several threads."""

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
    ) -> SyncRunHandle:
        """Make a run, to be entered; as `AgentProducer.run`."""
        started = facts.started(agent, title, input, model, thread_id, parent_run_id, tags)
        engine = self._opened()
        return SyncRunHandle(engine.new_run(run_id or new_run_id()), started, engine)

    @contextmanager
    def resume(self, run_id: str) -> Iterator[SyncRunHandle]:
        """Take over a run that a producer left; as `AgentProducer.resume`."""
        from durable_streaming.producers.takeover import take_over

        engine = self._opened()
        with SyncRunHandle(take_over(engine, run_id), None, engine) as run:
            yield run

    def serve(
        self, name: str, handler: Callable[[SyncRunHandle, Any], object], *, max_runs: int = 100
    ) -> None:
        """Serve requests for an agent, each in a thread; as `AgentProducer.serve`.

        It ends by an exception only, for instance `KeyboardInterrupt` or what a signal's handler
        raises, and then waits for the runs that are under way.
        """
        from durable_streaming.producers.serving import serve_in_threads

        serve_in_threads(self._opened(), name, handler, max_runs)

    def flush(self) -> None:
        """Flush every run; as `AgentProducer.flush`."""
        self._flush(self._opened())

    def _flush(self, asking: Engine | None) -> None:
        errors: list[ProducerError] = []
        for writer in self._opened().outbox.runs():
            try:
                SyncRunHandle(writer, None, asking).flush()
            except ProducerError as error:
                errors.append(error)
        raise_first(errors)

    def __enter__(self) -> Self:
        if self._engine is not None:
            raise NotOpen("this producer is open already: share it between the runs")
        # Here, so that importing the SDK costs no more than its own few modules.
        from durable_streaming.producers.delivery.engine import Engine

        self._engine = Engine(self._settings, self._options, self._log)
        return self

    def __exit__(
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
            self._flush(None)
        except ProducerError as unstored:
            if error is None:
                raise
            error.add_note(f"and not every event was stored: {unstored}")
        finally:
            self._engine = None
            engine.close()

    def _opened(self) -> Engine:
        if self._engine is None:
            raise NotOpen("open the producer first: with SyncAgentProducer() as producer")
        return self._engine
