"""How a producer merges, bounds its memory and how long it waits."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerOptions:
    """Options of one producer; the defaults suit agents that stream tokens to people."""

    merge_window_s: float = 0.03
    """Deltas of one part that come within this time of the last appended one become one event.

    Short enough that no reader sees it; long enough that a fast model costs a fifth.
    """

    merge_bytes: int = 4096
    """A merged delta is appended as soon as its text has this many bytes."""

    max_buffered_bytes: int = 32 * 1024 * 1024
    """Most that may wait for the broker's answer, over all runs of the producer."""

    when_full: Literal["wait", "fail"] = "wait"
    """At that bound: wait for room, or raise `BufferFull` at once.

    `RunHandle.text` and `RunHandle.reasoning` never wait and so always raise; `await run.ready()`
    between tokens waits for room.
    """

    check_takeover: bool = True
    """`flush` also reads whether another producer took the run over before what was stored.

    It reads the run's partition from the run's first event on, once for all runs of the producer.
    Turn it off where nobody resumes runs, or where agents may not read the events topic.
    """

    answer_deadline_s: float = 120.0
    """After this time without the broker's answer an event's outcome is called unknown.

    Longer than a broker's restart, so that one which is away for a minute costs nothing.
    """

    def __post_init__(self) -> None:
        for name in ("merge_bytes", "max_buffered_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.merge_window_s < 0:
            raise ValueError("merge_window_s must not be negative")
        if self.answer_deadline_s <= 0:
            raise ValueError("answer_deadline_s must be above 0")
        if self.when_full not in ("wait", "fail"):
            raise ValueError("when_full must be 'wait' or 'fail'")
