"""One run's way into the log: gives seqs, judges, merges, keeps the order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from durable_streaming.eventlog import RecordTooLarge
from durable_streaming.producers.delivery.deltas import OpenDelta
from durable_streaming.producers.delivery.encoding import EventEncoder
from durable_streaming.producers.delivery.entry import Entry
from durable_streaming.producers.delivery.ledger import Ledger
from durable_streaming.producers.delivery.tracing import trace_headers
from durable_streaming.producers.errors import BufferFull, EventRefused
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.schemas import ABSENT, TERMINAL_TYPES, BadRecord, judge_value

if TYPE_CHECKING:
    from durable_streaming.eventlog import Headers
    from durable_streaming.producers.delivery.entry import Flushed, OnAnswer
    from durable_streaming.producers.delivery.outbox import Outbox
    from durable_streaming.producers.delivery.waiters import Waiter

_MAX_PART: Final = 2**53 - 1


class RunWriter:
    """Appends the events of one run in one epoch. Safe to use from several threads.

    Attributes:
        outbox: where the run's events wait for the broker.
        run_id: the run.
        epoch: the producer epoch that its events carry.
        next_seq: the seq that the next event gets.
        lifecycle: what makes sense next.
        key: of the run's records.
        ledger: what became of its events.
    """

    def __init__(
        self,
        outbox: Outbox,
        run_id: str,
        *,
        epoch: int = 0,
        next_seq: int = 0,
        lifecycle: Lifecycle | None = None,
    ) -> None:
        self.outbox = outbox
        self.run_id = run_id
        self.epoch = epoch
        self.next_seq = next_seq
        self.lifecycle = lifecycle or Lifecycle(run_id)
        self.key = run_id.encode()
        self.ledger = Ledger(run_id, outbox.wake_soon)
        self._encoder = EventEncoder(run_id, outbox.producer_id, epoch)
        self._open: OpenDelta | None = None
        self._last_delta_s = -math.inf

    def append(self, event_type: str, data: Any, on_answer: OnAnswer | None = None) -> int:
        """Append a producer event behind everything that came before it.

        Args:
            event_type: any type but those of control events.
            data: JSON value, or `ABSENT`.
            on_answer: called once, from the pump's thread, with the event's outcome.

        Returns:
            The event's seq.

        Raises:
            EventRefused: no valid event; no seq was used.
            Misuse: it makes no sense where it stands.
            BufferFull: the memory bound is reached. A terminal event is taken all the same, so
                that a run can always end.
            PublishingStopped: the broker refused an earlier event of the run for good.
            NotOpen: the producer is closed, or was opened before a fork.
        """
        # Before the lock, which a fork may have left locked for ever.
        self.outbox.check_open()
        with self.outbox.lock:
            self.ledger.check_publishing()
            self.lifecycle.check(event_type, data)
            if event_type not in TERMINAL_TYPES:
                self.outbox.check_room()
            self.append_open_delta()
            return self._append(event_type, data, on_answer)

    def append_resumed(self, on_answer: OnAnswer) -> None:
        """Append `run.resumed`, the control event that claims this writer's epoch."""
        with self.outbox.lock:
            value = self._encoder.encode(None, "run.resumed", self.outbox.now_ms(), ABSENT)
            self._hand_over(None, value, on_answer, trace_headers())

    def add_delta(self, event_type: str, text: str, part: int) -> None:
        """Take a delta: at once where none came lately, else merged with its neighbours.

        Raises:
            EventRefused, RunEnded, BufferFull, PublishingStopped, NotOpen: as `append`.
        """
        size = self._check_delta(event_type, text, part)
        outbox = self.outbox
        outbox.check_open()
        with outbox.lock:
            self.ledger.check_publishing()
            self.lifecycle.check_open()
            outbox.check_room()
            if size == 0:
                return
            open_delta = self._open
            if open_delta and (open_delta.part != part or open_delta.event_type != event_type):
                self.append_open_delta()
                open_delta = None
            is_new = open_delta is None
            if open_delta is None:
                due_s = self._last_delta_s + outbox.options.merge_window_s
                open_delta = self._open = OpenDelta(event_type, part, due_s, trace_headers())
            open_delta.add(text, size)
            outbox.open_bytes += size
            if is_new or open_delta.size >= outbox.options.merge_bytes:
                self._append_now_or_later(open_delta, is_new=is_new)

    def append_open_delta(self) -> None:
        """Append what was merged so far; the caller holds the lock."""
        open_delta = self._open
        if open_delta is None:
            return
        while text := open_delta.head():
            data = {"text": text, "part": open_delta.part} if open_delta.part else {"text": text}
            # Text and part were checked when they were taken, so there is nothing left to judge;
            # judging each token again would double its cost.
            value = self._encoder.encode(
                self.next_seq, open_delta.event_type, self.outbox.now_ms(), data
            )
            self._hand_over(self.next_seq, value, None, open_delta.headers)
            self.next_seq += 1
            self.outbox.open_bytes -= open_delta.drop(text)
        self._open = None
        self._last_delta_s = self.outbox.monotonic()

    def append_if_due(self, now_s: float) -> None:
        """Append the open delta when its time has come; the caller holds the lock."""
        is_due = self._open is not None and self._open.due_s <= now_s
        if is_due and not self.ledger.is_stopped:
            self.append_open_delta()

    def barrier(self, waiter: Waiter) -> tuple[int, bool]:
        """Have `waiter` woken when all events so far are answered.

        Returns:
            The mark to ask `flushed` with, and whether there is something to wait for.
        """
        self.outbox.check_open()
        with self.outbox.lock:
            if not self.ledger.is_stopped:
                self.append_open_delta()
            mark = self.ledger.mark
            return mark, self.ledger.wait_for(mark, waiter)

    def flushed(self, mark: int) -> Flushed:
        """Say what is stored of the events up to `mark`; raises as `Ledger.flushed`."""
        with self.outbox.lock:
            return self.ledger.flushed(mark)

    @property
    def is_settled(self) -> bool:
        """Whether the run is over for this writer, and every event of it known to be stored."""
        is_over = self.lifecycle.ended is not None or self.ledger.is_fenced
        return is_over and self.ledger.is_clean

    def _append(self, event_type: str, data: Any, on_answer: OnAnswer | None) -> int:
        seq = self.next_seq
        try:
            value = self._encoder.encode(seq, event_type, self.outbox.now_ms(), data)
        except RecursionError:
            raise EventRefused(self.run_id, event_type, "too_deep", "nested too deeply") from None
        except (ValueError, TypeError, OverflowError) as error:
            raise EventRefused(self.run_id, event_type, *_why(error)) from error
        judged = judge_value(value)
        if isinstance(judged, BadRecord):
            raise EventRefused(self.run_id, event_type, judged.reason, judged.detail)
        if judged.is_control:
            raise EventRefused(
                self.run_id, event_type, "not_an_event", "control events are not a producer's"
            )
        self._hand_over(seq, value, on_answer, trace_headers())
        self.next_seq = seq + 1
        self.lifecycle.apply(event_type, judged.data)
        return seq

    def _hand_over(
        self, seq: int | None, value: bytes, on_answer: OnAnswer | None, headers: Headers | None
    ) -> None:
        entry = Entry(self, seq, len(value), self.outbox.deadline_s(), on_answer)
        try:
            self.outbox.append(entry, value, headers)
        except RecordTooLarge as error:
            raise EventRefused(self.run_id, "event", "too_large", str(error)) from error
        self.ledger.add(entry)

    def _append_now_or_later(self, open_delta: OpenDelta, *, is_new: bool) -> None:
        due_s = open_delta.due_s
        is_full = open_delta.size >= self.outbox.options.merge_bytes
        is_due = is_new and due_s <= self.outbox.monotonic() and not self.outbox.is_congested
        if is_full or is_due:
            try:
                self.append_open_delta()
                return
            except BufferFull:
                # The text is taken all the same; the pump tries again.
                due_s = self.outbox.monotonic() + self.outbox.options.merge_window_s
        elif not is_new:
            return
        self.outbox.append_later(due_s, self)

    def _check_delta(self, event_type: str, text: str, part: int) -> int:
        if not isinstance(text, str):
            raise EventRefused(self.run_id, event_type, "not_an_event", "text is no string")
        if type(part) is not int or not 0 <= part <= _MAX_PART:
            raise EventRefused(
                self.run_id, event_type, "not_an_event", "part is no integer from 0 on"
            )
        try:
            return len(text.encode())
        except UnicodeEncodeError as error:
            raise EventRefused(self.run_id, event_type, *_why(error)) from error


def _why(error: Exception) -> tuple[str, str]:
    # Names only: a payload must not travel in a message that is logged.
    if isinstance(error, UnicodeEncodeError):
        return "bad_text", "a string holds a lone surrogate"
    if isinstance(error, TypeError):
        return "not_json", "a value is of a type that JSON has no word for"
    return "bad_number", "a number is not finite or does not fit"
