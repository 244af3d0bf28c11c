"""One appended event while its outcome is open, and what a flush reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from durable_streaming.eventlog import Outcome
    from durable_streaming.producers.delivery.run_writer import RunWriter

    OnAnswer = Callable[[Outcome], None]


class Flushed(NamedTuple):
    """Everything of the run up to the flush is stored."""

    events: int
    """How many events this handle has stored."""

    partition: int | None
    """Where the run lives; None when nothing was stored."""

    next_offset: int | None
    """The position after the last stored event whose offset the broker said."""


class Entry:
    """An event that was handed to the log's writer.

    One small object an event, and no future: whoever wants to know waits at a barrier.

    Attributes:
        outcome: the answer given so far, None while there is none. An answer that the deadline
            made unknown is replaced when the broker's own comes after all.
        in_memory: whether the log's writer still holds the event.
    """

    __slots__ = ("deadline_s", "in_memory", "on_answer", "outcome", "seq", "size", "writer")

    def __init__(
        self,
        writer: RunWriter,
        seq: int | None,
        size: int,
        deadline_s: float,
        on_answer: OnAnswer | None,
    ) -> None:
        self.writer = writer
        self.seq = seq
        self.size = size
        self.deadline_s = deadline_s
        self.on_answer = on_answer
        self.outcome: Outcome | None = None
        self.in_memory = True

    def settle(self, outcome: Outcome) -> None:
        """Take the broker's answer; the log's writer calls this from the thread that polls."""
        self.writer.outbox.answered(self, outcome)
