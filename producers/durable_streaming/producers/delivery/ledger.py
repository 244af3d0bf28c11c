"""What became of the events of one run; who waits to know is woken."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from durable_streaming.eventlog import Outcome, Stored, Unknown
from durable_streaming.producers.delivery.entry import Entry, Flushed
from durable_streaming.producers.errors import OutcomeUnknown, PublishingStopped, RunTakenOver

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_streaming.producers.delivery.waiters import Waiter


class Ledger:
    """The outcomes of one run's events, in the order of their appending. The outbox's lock guards.

    A *mark* is a number of appended events: whoever waits for a mark waits for the outcomes of
    exactly those, whatever is appended meanwhile.
    """

    def __init__(self, run_id: str, wake_soon: Callable[[Waiter], None]) -> None:
        self._run_id = run_id
        self._wake_soon = wake_soon
        self._in_flight: deque[Entry] = deque()
        self._answered = self._stored = 0
        self._first: int | None = None
        self._last: Stored | None = None
        self._checked = 0
        self._taken_over_by: int | None = None
        self._unknown: set[int | None] = set()
        self._refusal: tuple[int | None, str] | None = None
        self._waiters: deque[tuple[int, Waiter]] = deque()

    @property
    def mark(self) -> int:
        """How many events were appended so far."""
        return self._answered + len(self._in_flight)

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more may be appended."""
        return self._refusal is not None or self._taken_over_by is not None

    @property
    def is_fenced(self) -> bool:
        """Whether another producer is known to have taken the run over."""
        return self._taken_over_by is not None

    @property
    def is_clean(self) -> bool:
        """Whether every event so far is known to be stored."""
        return not self._in_flight and not self._unknown and self._refusal is None

    def check_publishing(self) -> None:
        """Refuse to go on where nothing more would count.

        Raises:
            PublishingStopped: the broker refused an event for good.
            RunTakenOver: another producer is known to have taken the run over.
        """
        if self._refusal is not None:
            raise PublishingStopped(self._run_id, *self._refusal)
        if self._taken_over_by is not None:
            raise RunTakenOver(self._run_id, self._taken_over_by)

    def add(self, entry: Entry) -> None:
        """Note an event that was just appended."""
        self._in_flight.append(entry)

    def take(self, entry: Entry, outcome: Outcome) -> None:
        """Note an event's outcome; one after the deadline's `Unknown` corrects it."""
        is_first = entry.outcome is None
        entry.outcome = outcome
        if isinstance(outcome, Unknown):
            self._unknown.add(entry.seq)
        elif isinstance(outcome, Stored):
            self._stored += 1
            if outcome.offset is not None:
                self._last = outcome
                if self._first is None:
                    self._first = outcome.offset
        else:
            self._refusal = self._refusal or (entry.seq, outcome.error)
        if is_first:
            self._tell(entry, outcome)
        elif not isinstance(outcome, Unknown):
            self._unknown.discard(entry.seq)

    def expire(self, now_s: float) -> None:
        """Call unknown what waited beyond its deadline."""
        while self._in_flight and self._in_flight[0].deadline_s <= now_s:
            detail = "the broker's answer did not come before the deadline"
            self.take(self._in_flight[0], Unknown(detail))

    def wait_for(self, mark: int, waiter: Waiter) -> bool:
        """Have `waiter` woken when the events up to `mark` are answered; false when they are."""
        if self._answered >= mark:
            return False
        self._waiters.append((mark, waiter))
        return True

    def flushed(self, mark: int) -> Flushed:
        """Say what is stored of the events up to `mark`.

        Raises:
            PublishingStopped, RunTakenOver: as `check_publishing`.
            OutcomeUnknown: the answer to an event is unknown, or still open.
        """
        self.check_publishing()
        still_open = islice(self._in_flight, max(0, mark - self._answered))
        unanswered = self._unknown | {entry.seq for entry in still_open}
        if unanswered:
            seqs = [seq for seq in unanswered if seq is not None]
            raise OutcomeUnknown(self._run_id, seqs, "the broker has not answered in time")
        if self._last is None or self._last.offset is None:
            return Flushed(self._stored, None, None)
        return Flushed(self._stored, self._last.partition, self._last.offset + 1)

    @property
    def unchecked(self) -> tuple[int, int, int] | None:
        """What is stored since ownership was checked: partition, from, to before; None for none."""
        if self._first is None or self._last is None or self._last.offset is None:
            return None
        begin, end = max(self._first, self._checked), self._last.offset + 1
        return (self._last.partition, begin, end) if begin < end else None

    def checked(self, end: int) -> None:
        """Note that the run was its producer's up to `end`."""
        self._checked = max(self._checked, end)

    def fence(self, epoch: int) -> None:
        """Note that another producer took the run over."""
        self._taken_over_by = epoch

    def _tell(self, entry: Entry, outcome: Outcome) -> None:
        if entry.on_answer is not None:
            entry.on_answer(outcome)
        while self._in_flight and self._in_flight[0].outcome is not None:
            self._in_flight.popleft()
            self._answered += 1
        while self._waiters and self._waiters[0][0] <= self._answered:
            self._wake_soon(self._waiters.popleft()[1])
