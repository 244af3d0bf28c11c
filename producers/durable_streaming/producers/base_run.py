"""What the asynchronous and the synchronous handle of a run share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_streaming.producers import facts
from durable_streaming.producers.errors import Misuse, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_streaming.producers.delivery.control import ControlListener
    from durable_streaming.producers.delivery.engine import Engine
    from durable_streaming.producers.delivery.entry import Flushed
    from durable_streaming.producers.delivery.run_writer import RunWriter
    from durable_streaming.producers.facts import Fact, Json, PlannedStep


class BaseRun:
    """Identity and state of a run, as its handle shows them.

    Args:
        writer: of the run's events.
        started: data of `run.started`; None for a run that has started.
        engine: of the producer; None for a run that nobody stops or takes over, as an import.
    """

    def __init__(
        self, writer: RunWriter, started: Json | None, engine: Engine | None = None
    ) -> None:
        self._writer = writer
        self._started = started
        self._engine = engine
        self._listens = False
        self._is_left = False

    @property
    def run_id(self) -> str:
        """The run's identity and Kafka key."""
        return self._writer.run_id

    @property
    def epoch(self) -> int:
        """The producer epoch: 0, or what a take-over raised it to."""
        return self._writer.epoch

    @property
    def next_seq(self) -> int:
        """The seq that the next event gets."""
        return self._writer.next_seq

    @property
    def ended(self) -> bool:
        """Whether the run's terminal event was appended."""
        return self._writer.lifecycle.ended is not None

    @property
    def fails_when_full(self) -> bool:
        """Whether the producer raises `BufferFull` at its memory bound, and does not wait."""
        return self._writer.outbox.options.when_full == "fail"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.run_id} epoch={self.epoch} next_seq={self.next_seq}>"

    def _control(self) -> ControlListener:
        self._writer.outbox.check_open()
        if self._engine is None:
            raise Misuse("only a run of an AgentProducer can be stopped from outside")
        self._listens = True
        return self._engine.control

    def _needs_owner_check(self) -> Engine | None:
        """Give the engine to ask whether the run was taken over; None where nothing is new."""
        if self._engine is None or not self._engine.options.check_takeover:
            return None
        return None if self._writer.ledger.unchecked is None else self._engine

    def _leave(self) -> None:
        """Let those go who wait for a wish to stop."""
        self._is_left = True
        if self._listens and self._engine is not None:
            self._engine.control.leave(self.run_id)

    def _plan(self, steps: Iterable[str | PlannedStep]) -> Fact:
        return facts.plan(self._writer.lifecycle.plan_revision + 1, steps)

    def _flushed(self, mark: int, answered: bool, timeout_s: float | None) -> Flushed:
        try:
            return self._writer.flushed(mark)
        except OutcomeUnknown as error:
            if answered:
                raise
            raise OutcomeUnknown(
                self.run_id, error.seqs, f"no answer came within {timeout_s} s"
            ) from None
