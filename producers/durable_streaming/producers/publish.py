"""The engine of `durable publish`: lines of JSON in, the outcome of each out, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from durable_streaming.eventlog import Failed, Outcome, Stored
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.errors import BufferFull, LogFailed, ProducerError, RunEnded
from durable_streaming.producers.inbox import Inbox
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.producers.lines import BadLine, parse_line
from durable_streaming.producers.log_scan import LogScan
from durable_streaming.producers.takeover import claim

if TYPE_CHECKING:
    from durable_streaming.eventlog import KafkaSettings, Log
    from durable_streaming.producers.delivery.run_writer import RunWriter
    from durable_streaming.producers.options import ProducerOptions

# Lines whose outcomes wait for an earlier one; it bounds the memory that bad lines take.
_MOST_OPEN: Final = 10_000
# A run that someone else starts within this time of ours is not noticed: both begin with seq 0, and
# the fold takes the first. Asking the broker at each new run would cost tens of milliseconds.
_KNOWN_FOR_S: Final = 1.0


class LineOutcome(NamedTuple):
    """What became of one line.

    Attributes:
        run_id: the line's, None where it could not be read.
        seq: what the event got, None where it got none.
        outcome: ok (stored), failed (certainly not) or unknown (may be).
        partition: where it is stored.
        offset: its position there; None also where the broker did not say.
        error: why it is not ok.
    """

    run_id: str | None
    seq: int | None
    outcome: Literal["ok", "failed", "unknown"]
    partition: int | None = None
    offset: int | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the object that `durable publish` prints."""
        fields = self._asdict()
        if self.error is None:
            del fields["error"]
        return fields


def publish_lines(
    lines: Iterable[bytes],
    *,
    settings: KafkaSettings | None = None,
    options: ProducerOptions | None = None,
    log: Log | None = None,
) -> Iterator[LineOutcome]:
    """Publish `{"run_id", "type", "data"}` lines; gives one outcome a line, in their order.

    An outcome is given as soon as it is known, also while `lines` waits for more input. A run that
    the log knows is taken over at its first line; one that has ended refuses all of its lines.

    Args:
        lines: each one JSON object; `lines.read_lines` reads them from a pipe.
        settings: of the connection; the environment, when None.
        options: of the producer.
        log: another log than the settings' Kafka.

    Raises:
        LogFailed: the log could not be read at the beginning.
    """
    engine = Engine(settings, options, log)
    try:
        publisher = LinePublisher(engine)
        inbox = Inbox(lines)
        try:
            yield from _pumped(inbox, publisher)
        finally:
            inbox.close()
            publisher.close()
    finally:
        engine.close()


class LinePublisher:
    """Publishes lines of any runs, and keeps what it needs to know of each run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scan: LogScan | None = LogScan(engine.log, engine.topic)
        self._writers: dict[str, RunWriter] = {}
        self._ended: set[str] = set()

    def publish(self, line: bytes, slot: Slot) -> None:
        """Publish one line; its outcome comes to the slot, now or from the pump's thread.

        Raises:
            BufferFull: it was not taken; try again when an answer came.
        """
        try:
            parsed = parse_line(line)
        except BadLine as error:
            slot.outcome = LineOutcome(error.run_id, None, "failed", error=str(error))
            return
        slot.run_id = parsed.run_id
        try:
            writer = self._writer(parsed.run_id)
            slot.seq = writer.next_seq
            writer.append(parsed.type, parsed.data, slot.answer)
        except BufferFull:
            raise
        except ProducerError as error:
            slot.outcome = LineOutcome(parsed.run_id, None, "failed", error=str(error))
            return
        if writer.lifecycle.ended is not None:
            self._ended.add(parsed.run_id)
            del self._writers[parsed.run_id]

    def close(self) -> None:
        """Release the reader."""
        if self._scan is not None:
            self._scan.close()
            self._scan = None

    def _writer(self, run_id: str) -> RunWriter:
        known = self._writers.get(run_id)
        if known is not None:
            return known
        if run_id in self._ended:
            raise RunEnded(f"run {run_id!r} has ended: publish before its end, or start a new run")
        try:
            writer = self._start_or_take_over(run_id)
        except LogFailed:
            # A reader that lost its place never finds it again, so the next run gets a new one.
            self.close()
            raise
        self._writers[run_id] = writer
        return writer

    def _start_or_take_over(self, run_id: str) -> RunWriter:
        if self._scan is None:
            self._scan = LogScan(self._engine.log, self._engine.topic)
        if self._scan.read_to_end(run_id, _KNOWN_FOR_S).epoch >= 0:
            self._scan.read_to_end(run_id)
            return claim(self._engine, run_id, self._scan, Lifecycle(run_id, strict=False))
        writer = self._engine.new_run(run_id, strict=False)
        self._engine.outbox.register(writer)
        return writer


class Slot:
    """Where the outcome of one line will be."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self.run_id: str | None = None
        self.seq: int | None = None
        self.outcome: LineOutcome | None = None
        self._ring = ring

    def answer(self, outcome: Outcome) -> None:
        """Set the outcome from the broker's answer; called in the pump's thread."""
        if isinstance(outcome, Stored):
            self.outcome = LineOutcome(self.run_id, self.seq, "ok", *outcome)
        else:
            word: Literal["failed", "unknown"]
            word = "failed" if isinstance(outcome, Failed) else "unknown"
            self.outcome = LineOutcome(self.run_id, self.seq, word, error=outcome.error)
        self._ring()


def _pumped(inbox: Inbox, publisher: LinePublisher) -> Iterator[LineOutcome]:
    open_slots: deque[Slot] = deque()
    while not inbox.is_over or open_slots:
        inbox.wait()
        is_full = False
        while not is_full and (line := inbox.peek()) is not None:
            slot = Slot(inbox.ring)
            try:
                publisher.publish(line, slot)
            except BufferFull:
                # The answer that makes room rings.
                is_full = True
            else:
                inbox.drop()
                open_slots.append(slot)
            is_full = is_full or len(open_slots) >= _MOST_OPEN
            while open_slots and (outcome := open_slots[0].outcome) is not None:
                open_slots.popleft()
                yield outcome
        while open_slots and (outcome := open_slots[0].outcome) is not None:
            open_slots.popleft()
            yield outcome
    if inbox.error is not None:
        raise inbox.error
