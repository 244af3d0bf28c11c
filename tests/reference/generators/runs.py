"""Generated runs: what an agent meant to write, and what a rough world made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..history import COPY_WINDOW, Entry, History
from ..json_text import read_json
from . import materials
from .choice import Chooser
from .claims import terminal_event
from .encoding import encode, plain
from .event_data import NO_DATA, TypedData, any_event, burst, free_type, run_started

TIME_OUT = "run.timed_out"


def intended_events(chooser: Chooser, size: int) -> list[TypedData]:
    """A run's own events in the order of their seq."""
    events: list[TypedData] = []
    if not chooser.chance(10):
        events.append(run_started(chooser))
    for _ in range(chooser.integer(0, size)):
        events.append(any_event(chooser))
        if chooser.chance(1):
            events += burst(chooser)
    if not chooser.chance(20):
        events.append(terminal_event(chooser, events))
        if chooser.chance(20):
            events += [any_event(chooser), terminal_event(chooser, events)]
    return events


@dataclass
class Author:
    """The producer that writes now: its id and epoch."""

    producer_id: str = "p0"
    producer_epoch: int = 0


@dataclass
class RunWriter:
    """Turns intended events into the records that reach the log."""

    chooser: Chooser
    run_id: str
    author: Author = field(default_factory=Author)
    written: list[dict[str, Any]] = field(default_factory=list)

    def event(self, event_type: str, data: Any, **more: Any) -> dict[str, Any]:
        """An event of this run with a time; ``more`` are members of the envelope."""
        event = {
            "schema_version": 1,
            "run_id": self.run_id,
            **more,
            "type": event_type,
            "time": materials.moment(self.chooser),
            "data": data,
        }
        if data is NO_DATA:
            del event["data"]
        return event

    def producer_event(self, seq: int, typed: TypedData, author: Author) -> dict[str, Any]:
        """An event in the run's sequence."""
        return self.event(
            typed[0],
            typed[1],
            seq=seq,
            producer_id=author.producer_id,
            producer_epoch=author.producer_epoch,
        )

    def write(self, intended: list[TypedData]) -> list[dict[str, Any]]:
        """All records of the run in the order of the log; time-outs are completed later."""
        chooser = self.chooser
        trouble = chooser.pick((0, 4, 12))
        kept_back: list[dict[str, Any]] = []
        for seq, typed in enumerate(intended):
            if chooser.chance(trouble):
                self._disturb(seq)
            event = self.producer_event(seq, typed, self.author)
            if chooser.chance(trouble):
                # A gap: closed later, or never.
                if chooser.chance(85):
                    kept_back.append(event)
                continue
            self.written.append(event)
            if typed[0] == "run.waiting" and chooser.chance(30):
                self._control()
            if seq > COPY_WINDOW and chooser.chance(1):
                self._conflict(seq + 1)
            if kept_back and chooser.chance(10):
                self.written.append(self._signed(kept_back.pop(0)))
        self.written += kept_back if chooser.chance(80) else []
        self._reorder()
        if chooser.chance(30):
            self._after_the_end(intended)
        return self.written

    def _signed(self, event: dict[str, Any]) -> dict[str, Any]:
        """An event that was kept back, at times sent by whoever is the producer by now."""
        if self.chooser.chance(50):
            return event | vars(self.author)
        return event

    def _disturb(self, seq: int) -> None:
        """Something that a run without trouble would not have here."""
        kind = self.chooser.integer(0, 8)
        if kind <= 1:
            self._copy()
        elif kind <= 3:
            self._conflict(seq)
        elif kind == 4:
            self._take_over()
        elif kind == 5:
            stale = Author("p-stale", max(0, self.author.producer_epoch - 1))
            self.written.append(self.producer_event(seq, any_event(self.chooser), stale))
        else:
            self._control()

    def _copy(self) -> None:
        """A record again, its data perhaps spelt another way."""
        if not self.written:
            return
        back = self.chooser.pick((1, 2, 64, 65, 66, 90))
        copied = dict(self.written[max(0, len(self.written) - back)])
        if self.chooser.chance(30):
            copied["time"] = "2026-11-23T16:00:00Z"
        if self.chooser.chance(20) and copied.get("data") == {}:
            del copied["data"]
        self.written.append(copied)

    def _conflict(self, seq: int) -> None:
        """Another event under a seq that was used, near or far below."""
        near = (1, 2, 5) if seq <= COPY_WINDOW else (COPY_WINDOW, COPY_WINDOW + 1, COPY_WINDOW + 2)
        back = self.chooser.pick(near)
        typed = any_event(self.chooser)
        self.written.append(self.producer_event(max(0, seq - back), typed, self.author))
        if self.chooser.chance(20):
            one, other = self.chooser.pick(materials.EQUAL_JSON)
            same = [self.event("x.equal", value, seq=seq + 1) for value in (one, other)]
            for event in same:
                event["producer_id"] = self.author.producer_id
                event["producer_epoch"] = self.author.producer_epoch
            self.written += same

    def _take_over(self) -> None:
        """Another producer, announced or not, alone or one of two."""
        raised = self.author.producer_epoch + self.chooser.pick((1, 1, 2, 0))
        taker = Author(self.chooser.pick(("p1", "p2", "p" * 256)), raised)
        if not self.chooser.chance(20):
            self._resume(taker)
        if self.chooser.chance(30):
            self._resume(Author("p-second", raised))
        if not self.chooser.chance(15):
            self.author = taker

    def _resume(self, author: Author) -> None:
        more = {"producer_id": author.producer_id, "producer_epoch": author.producer_epoch}
        self.written.append(self.event("run.resumed", self.chooser.pick(({}, NO_DATA)), **more))

    def _control(self) -> None:
        kind = self.chooser.integer(0, 4)
        if kind <= 1:
            data: Any = {"requested_by": "someone", "reason": "enough", "seen_offset": 2**63 - 1}
            self.written.append(
                self.event("run.cancel_requested", self.chooser.pick((data, {}, None, NO_DATA)))
            )
        elif kind <= 3:
            name = self.chooser.pick(("control.", "control.pause", "control.\u0000"))
            data = self.chooser.pick((*materials.ANY_JSON, NO_DATA))
            unheeded: dict[str, Any] = {"producer_epoch": 2**53 - 1, "producer_id": "c"}
            more = unheeded if self.chooser.chance(50) else {}
            self.written.append(self.event(name, data, **more))
        else:
            self.written.append(self.event(TIME_OUT, {}))

    def _reorder(self) -> None:
        """Move records by up to so many places, as retries and several connections do."""
        window = self.chooser.pick((0, 0, 0, 2, 10, 100))
        if window == 0:
            return
        places = [(n + self.chooser.integer(0, window), n) for n in range(len(self.written))]
        self.written = [self.written[n] for _, n in sorted(places)]

    def _after_the_end(self, intended: list[TypedData]) -> None:
        """Records that come when nobody waits for them any more."""
        for _ in range(self.chooser.integer(1, 4)):
            kind = self.chooser.integer(0, 4)
            if kind == 0:
                self._copy()
            elif kind == 1:
                self._control()
            elif kind == 2:
                raised = Author("p-late", self.author.producer_epoch + 1)
                self._resume(raised)
            elif kind == 3:
                self.written.append(self.event(TIME_OUT, {}))
            else:
                seq = len(intended) + self.chooser.integer(0, 2)
                typed = free_type(self.chooser)
                self.written.append(self.producer_event(seq, typed, self.author))


def run_values(chooser: Chooser, run_id: str, size: int) -> list[bytes]:
    """The values of a run's records in the order of the log."""
    written = RunWriter(chooser, run_id).write(intended_events(chooser, size))
    history = History()
    values = []
    for offset, event in enumerate(written):
        if event["type"] == TIME_OUT:
            # Most time-outs hold: they say what the history up to here says.
            off = chooser.pick((0, 0, 0, 1))
            event["data"] = {
                "idle_seconds": chooser.pick((600, 0.5)),
                "last_seq": history.highest_seq + off,
                "last_epoch": max(-1, history.highest_epoch - chooser.pick((0, 0, 0, 1))),
            }
        value = encode(chooser, event)
        values.append(value)
        history.add(Entry(offset, read_json(value.decode()), value))
    return values


def plain_run(run_id: str, events: list[TypedData]) -> list[bytes]:
    """A run without trouble: for tests that need many or large events rather than variety."""
    writer = RunWriter(_Plainest(), run_id)
    return [plain(writer.producer_event(seq, t, writer.author)) for seq, t in enumerate(events)]


class _Plainest(Chooser):
    def integer(self, low: int, high: int) -> int:
        return low
