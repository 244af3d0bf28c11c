"""What the asynchronous and the synchronous handle of a run share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_streaming.producers import facts
from durable_streaming.producers.errors import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_streaming.producers.delivery.entry import Flushed
    from durable_streaming.producers.delivery.run_writer import RunWriter
    from durable_streaming.producers.facts import Fact, Json, PlannedStep


class BaseRun:
    """Identity and state of a run, as its handle shows them."""

    def __init__(self, writer: RunWriter, started: Json | None) -> None:
        self._writer = writer
        self._started = started

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.run_id} epoch={self.epoch} next_seq={self.next_seq}>"

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
