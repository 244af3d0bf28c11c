"""All that waits for the broker: one writer, one lock and one memory bound for all runs."""

from __future__ import annotations

import heapq
import itertools
import math
import os
import threading
from collections import deque
from typing import TYPE_CHECKING

from durable_streaming import eventlog
from durable_streaming.producers.errors import BufferFull, NotOpen, RunBusy

if TYPE_CHECKING:
    from durable_streaming.producers.delivery.entry import Entry
    from durable_streaming.producers.delivery.run_writer import RunWriter
    from durable_streaming.producers.delivery.waiters import Waiter
    from durable_streaming.producers.options import ProducerOptions

# While more than this share of the bound is unanswered the log is behind: deltas then merge up to
# their full size whatever their age, so that a long outage costs little memory.
_CONGESTED_SHARE = 0.25
_RETRY_S = 0.01
# Agents wait for the lock meanwhile: under a millisecond.
_SETTLED_AT_ONCE = 200


class Outbox:
    """The events of all runs of one producer, from `append` to the broker's answer.

    Attributes:
        lock: guards everything here and in the run writers; held for microseconds only.
        open_bytes: text that is being merged.
        producer_id: of this producer, in this process.
    """

    def __init__(
        self,
        writer: eventlog.Writer,
        topic: str,
        producer_id: str,
        options: ProducerOptions,
        clock: eventlog.Clock,
    ) -> None:
        self.lock = threading.RLock()
        self.open_bytes = 0
        self.producer_id = producer_id
        self.options = options
        self.monotonic = clock.monotonic
        self.now_ms = clock.now_ms
        self._writer = writer
        self._topic = topic
        self._process = os.getpid()
        self._in_flight_bytes = 0
        # Filled by the thread that polls, without the lock: an answer alone is not worth a turn of
        # it, and threads that take turns at a lock for each event take several times as long.
        self._answers: deque[tuple[Entry, eventlog.Outcome]] = deque()
        self._unanswered = 0
        self._runs: dict[str, RunWriter] = {}
        self._due: list[tuple[float, int, RunWriter]] = []
        self._ties = itertools.count()
        self._work = threading.Condition(self.lock)
        self._has_news = False
        self._pump_sleeps = False
        self._room_waiters: list[Waiter] = []
        self._to_wake: list[Waiter] = []
        self._closed_because: str | None = None

    def register(self, writer: RunWriter) -> None:
        """Make room for one more run.

        Raises:
            RunBusy: a handle of this producer writes the run already.
        """
        with self.lock:
            self.check_open()
            if writer.run_id in self._runs:
                raise RunBusy(
                    f"run {writer.run_id!r} is being written by another handle of this producer: "
                    "use that one, or give the new run an id of its own"
                )
            self._runs[writer.run_id] = writer

    def unregister(self, writer: RunWriter) -> None:
        """Forget a run: it is settled, or could not be started or taken over."""
        with self.lock:
            if self._runs.get(writer.run_id) is writer:
                del self._runs[writer.run_id]

    def fence(self, writer: RunWriter, epoch: int) -> None:
        """Have a run refuse to go on, because another producer took it over."""
        with self.lock:
            writer.ledger.fence(epoch)
            if writer.is_settled:
                self.unregister(writer)

    def runs(self) -> list[RunWriter]:
        """Give the runs that have not ended, or whose events are not all known to be stored."""
        with self.lock:
            return list(self._runs.values())

    @property
    def is_inherited(self) -> bool:
        """Whether this process was forked from the one that opened the producer."""
        return os.getpid() != self._process

    def check_open(self) -> None:
        """Refuse to work for a parent process or after the end.

        Raises:
            NotOpen: with the remedy.
        """
        if self.is_inherited:
            raise NotOpen(
                "this producer was opened before the process forked, and its connection and its "
                "producer id belong to the parent: open an AgentProducer in each process"
            )
        if self._closed_because is not None:
            raise NotOpen(self._closed_because)

    def check_room(self) -> None:
        """Hold the memory bound.

        Raises:
            BufferFull: it is reached.
        """
        buffered_bytes = self._in_flight_bytes + self.open_bytes
        if buffered_bytes >= self.options.max_buffered_bytes:
            raise BufferFull(buffered_bytes, self.options.max_buffered_bytes)

    @property
    def has_room(self) -> bool:
        """Whether one more event may be taken."""
        return self._buffered_bytes < self.options.max_buffered_bytes

    @property
    def is_congested(self) -> bool:
        """Whether the broker is behind."""
        return self._in_flight_bytes > self.options.max_buffered_bytes * _CONGESTED_SHARE

    @property
    def _buffered_bytes(self) -> int:
        return self._in_flight_bytes + self.open_bytes

    def wait_for_room(self, waiter: Waiter) -> bool:
        """Have `waiter` woken when there may be room; false when there is."""
        with self.lock:
            if self.has_room or self._closed_because is not None:
                return False
            self._room_waiters.append(waiter)
            return True

    def deadline_s(self) -> float:
        """Give the monotonic time by which an event appended now must be answered."""
        return self.monotonic() + self.options.answer_deadline_s

    def append(self, entry: Entry, value: bytes, headers: eventlog.Headers | None) -> None:
        """Hand an event to the log's writer; the caller holds the lock.

        Raises:
            BufferFull: the writer's own queue is full.
        """
        try:
            self._writer.append(
                self._topic, entry.writer.key, value, headers=headers, on_outcome=entry.settle
            )
        except eventlog.BufferFull as error:
            limit = self.options.max_buffered_bytes
            raise BufferFull(self._buffered_bytes, limit, ", or lie in its queue") from error
        self._in_flight_bytes += entry.size
        self._unanswered += 1
        self._tell_pump()

    def append_later(self, due_s: float, writer: RunWriter) -> None:
        """Have a run's open delta appended at `due_s`; the caller holds the lock."""
        heapq.heappush(self._due, (due_s, next(self._ties), writer))
        self._tell_pump()

    def answered(self, entry: Entry, outcome: eventlog.Outcome) -> None:
        """Note the broker's answer to an event; it counts from the end of the `poll`."""
        self._answers.append((entry, outcome))

    def _settle(self) -> None:
        """Take the answers that have come."""
        answers = self._answers
        while answers:
            with self.lock:
                for _ in range(min(len(answers), _SETTLED_AT_ONCE)):
                    self._take(*answers.popleft())
                if self._room_waiters and self.has_room:
                    self._to_wake += self._room_waiters
                    self._room_waiters.clear()

    def _take(self, entry: Entry, outcome: eventlog.Outcome) -> None:
        if entry.in_memory:
            entry.in_memory = False
            self._in_flight_bytes -= entry.size
            self._unanswered -= 1
        entry.writer.ledger.take(entry, outcome)
        if entry.writer.is_settled:
            self.unregister(entry.writer)

    def wake_soon(self, waiter: Waiter) -> None:
        """Wake `waiter` when the lock is free again; the caller holds it."""
        self._to_wake.append(waiter)

    def turn(self, now_s: float) -> float:
        """Append what is due; gives the seconds until something is due again, or infinity."""
        with self.lock:
            self._has_news = False
            while self._closed_because is None and self._due and self._due[0][0] <= now_s:
                writer = heapq.heappop(self._due)[2]
                if not self._append_due(writer, now_s):
                    # Nothing else fits either, so look at all of them again a little later.
                    pause_s = max(self.options.merge_window_s, _RETRY_S)
                    self.append_later(now_s + pause_s, writer)
                    return pause_s
            return max(self._due[0][0] - now_s, 0.0) if self._due else math.inf

    def expire(self, now_s: float) -> None:
        """Call unknown whatever waits beyond its deadline."""
        with self.lock:
            for writer in list(self._runs.values()):
                writer.ledger.expire(now_s)

    @property
    def awaits_answers(self) -> bool:
        """Whether the log's writer holds events."""
        return self._unanswered > 0

    def wait_for_work(self, timeout_s: float) -> None:
        """Sleep until something came since the last turn, or has to be stopped."""
        with self.lock:
            if not self._has_news:
                self._pump_sleeps = True
                self._work.wait(timeout_s)
                self._pump_sleeps = False

    def _append_due(self, writer: RunWriter, now_s: float) -> bool:
        if self.is_congested:
            return False
        try:
            writer.append_if_due(now_s)
        except BufferFull:
            return False
        return True

    def _tell_pump(self) -> None:
        self._has_news = True
        # A notification costs more than the rest of an append, and a busy pump needs none.
        if self._pump_sleeps:
            self._work.notify()

    def take_woken(self) -> list[Waiter]:
        """Give those who must be woken now."""
        with self.lock:
            woken, self._to_wake = self._to_wake, []
            return woken

    def poll(self, timeout_s: float) -> None:
        """Let the log's writer hand out outcomes, and take them."""
        self._writer.poll(timeout_s)
        self._settle()

    def interrupt(self) -> None:
        """End a `wait_for_work`."""
        with self.lock:
            self._tell_pump()

    def refuse(self, because: str) -> None:
        """Take nothing more; the first reason stands."""
        with self.lock:
            self._closed_because = self._closed_because or because
            self._to_wake += self._room_waiters
            self._room_waiters.clear()
            self._tell_pump()

    def abandon(self) -> None:
        """Call unknown whatever has no answer: none will come."""
        self._settle()
        self.expire(math.inf)
