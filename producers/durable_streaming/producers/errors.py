"""Everything that the SDK raises.

ProducerError
 ├── Misuse                  the program calls the SDK out of order; nothing was written
 │    ├── NotOpen            the producer is not open (any more), or belongs to a parent process
 │    ├── RunBusy            another handle of this producer writes the run
 │    ├── RunEnded           the run has its terminal event
 │    └── StepMisuse         a step started while it runs, or completed while it does not
 ├── EventRefused            no valid event: it got no seq and was not written
 ├── BufferFull              the memory bound is reached; the event was not taken
 ├── OutcomeUnknown          events may or may not be stored
 ├── PublishingStopped       the broker refused an event for good
 ├── RunNotFound             no event of the run is in the log
 ├── RunTakenOver            another producer owns the run's newest epoch
 └── LogFailed               the log could not be read or reached
"""

from collections.abc import Collection, Sequence

# Where the broker is away every run of a fleet has the same to say.
_MOST_NOTES = 10


class ProducerError(Exception):
    """Root of all errors of the SDK."""


class Misuse(ProducerError):
    """A call that makes no sense where it stands; the message names the remedy."""


class NotOpen(Misuse):
    """The producer is not open in this process."""


class RunBusy(Misuse):
    """Two handles of one producer would write the same run."""


class RunEnded(Misuse):
    """The run has ended: what comes after its terminal event would count nowhere."""


class StepMisuse(Misuse):
    """A step was started while it runs, or completed while it does not."""


class EventRefused(ProducerError):
    """The event is not valid, so it was refused before it got a seq.

    Attributes:
        reason: the protocol's slug for what is wrong, for instance `bad_number`.
        detail: the same in a sentence, without the payload.
    """

    def __init__(self, run_id: str, event_type: str, reason: str, detail: str) -> None:
        super().__init__(
            f"{event_type} of run {run_id!r} was not written: {reason}: {detail}. "
            "Its seq is still free: correct the event and append it again."
        )
        self.reason = reason
        self.detail = detail


class BufferFull(ProducerError):
    """The memory bound is reached, and the event was not taken.

    Attributes:
        buffered_bytes: what waits for the broker's answer now.
        limit_bytes: `ProducerOptions.max_buffered_bytes`.
    """

    def __init__(self, buffered_bytes: int, limit_bytes: int, detail: str = "") -> None:
        super().__init__(
            f"{buffered_bytes} of {limit_bytes} bytes wait for the broker{detail}; this event was "
            "not taken. Wait for room (`await run.ready()`), or raise max_buffered_bytes."
        )
        self.buffered_bytes = buffered_bytes
        self.limit_bytes = limit_bytes


class OutcomeUnknown(ProducerError):
    """The broker's answer did not come in time: these events may or may not be stored.

    They are not lost: the client keeps trying while the producer is open, and a record that is
    stored twice is folded once. Never append them again under another seq.

    Attributes:
        run_id: whose events.
        seqs: which, rising; empty when only the run's take-over is unknown.
    """

    def __init__(self, run_id: str, seqs: Collection[int], detail: str) -> None:
        ordered = sorted(seqs)
        which = f"seq {ordered[0]} to {ordered[-1]} ({len(ordered)})" if ordered else "an event"
        super().__init__(
            f"it is unknown whether {which} of run {run_id!r} is stored: {detail}. "
            "Read the run to see, or call flush() again once the broker answers."
        )
        self.run_id = run_id
        self.seqs = ordered


class PublishingStopped(ProducerError):
    """The broker refused an event of the run for good, so nothing more of it is published.

    Attributes:
        run_id: the run.
        seq: the refused event, which is certainly not stored.
        error: the broker's reason.
    """

    def __init__(self, run_id: str, seq: int | None, error: str) -> None:
        super().__init__(
            f"the broker refused seq {seq} of run {run_id!r} for good: {error}. Publishing of "
            "this run has stopped; remove the cause, then go on with producer.resume(run_id)."
        )
        self.run_id = run_id
        self.seq = seq
        self.error = error


class RunNotFound(ProducerError):
    """The log holds no event of the run: start it with `producer.run(run_id=...)`."""


class RunTakenOver(ProducerError):
    """Another producer took the run over; what this one would write is fenced.

    Attributes:
        run_id: the run.
        epoch: the epoch that the other producer owns.
    """

    def __init__(self, run_id: str, epoch: int) -> None:
        super().__init__(
            f"another producer owns run {run_id!r} at epoch {epoch}: leave it to that one, or "
            "take it over again with producer.resume(run_id)."
        )
        self.run_id = run_id
        self.epoch = epoch


class LogFailed(ProducerError):
    """The log could not be read or reached; the cause is chained."""


def raise_first(errors: Sequence[ProducerError]) -> None:
    """Raise the first of what several runs met, with others as notes; nothing for none.

    Raises:
        ProducerError: so that one `except` is enough, whatever the number of runs.
    """
    if not errors:
        return
    first, *others = errors
    for other in others[:_MOST_NOTES]:
        first.add_note(f"and {other}")
    if len(others) > _MOST_NOTES:
        first.add_note(f"and {len(others) - _MOST_NOTES} more runs with the like")
    raise first
