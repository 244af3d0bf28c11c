"""What became of each valid record of one run, decided from the run's records in log order.

The output keeps everything: which events were folded and in which order, and every count of the
verdict's ``sequence``. What the folded events *mean* is in ``derive``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .canonical_json import canonical_json
from .event_fields import TERMINAL_STATUS, is_control, is_known

MAX_WAITING_EVENTS = 1_000
MAX_WAITING_BYTES = 4 * 1024 * 1024
COPY_WINDOW = 64


@dataclass(frozen=True)
class Entry:
    """One valid event where it stands in the log."""

    offset: int
    event: dict[str, Any]
    value: bytes
    """The bytes as stored, white space around the object included."""

    @cached_property
    def type(self) -> str:
        return str(self.event["type"])

    @cached_property
    def seq(self) -> int | None:
        """The place among the producer's events; None for control events."""
        return None if is_control(self.type) else self.event["seq"]

    @property
    def data(self) -> dict[str, Any]:
        """The data of a known type; absent and null are an empty object."""
        return self.event.get("data") or {}

    @cached_property
    def content(self) -> bytes:
        """What two copies of one seq have to agree in."""
        known = {"type": self.type, "data": self.event.get("data") or {}}
        free = {name: self.event[name] for name in ("type", "data") if name in self.event}
        return canonical_json(known if is_known(self.type) else free)


@dataclass
class History:
    """The sorted-out records of one run, as of the record added last."""

    folded: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    ended_by: Entry | None = None
    """The terminal event or the time-out that decided the status."""
    missing: list[tuple[int, int]] = field(default_factory=list)
    duplicates: int = 0
    conflicts: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of seq and offset of the record that disagreed."""
    late: int = 0
    fenced: int = 0
    last_folded_seq: int = -1
    highest_epoch: int = -1
    epoch_owner: str | None = None
    highest_seq: int = -1
    highest_seq_at_end: int = -1
    highest_epoch_at_end: int = -1
    applied_offset: int = -1
    forwarded: list[Entry] = field(default_factory=list)
    """The counted cancel requests."""

    @property
    def next_seq(self) -> int:
        given_up = [last for _, last in self.missing]
        return max([self.last_folded_seq, *given_up]) + 1

    def add(self, entry: Entry) -> None:
        """Take the run's next record of the log into account."""
        ended_before = self.ended_by is not None
        if entry.type == "run.timed_out":
            if ended_before or not self._time_out_holds(entry):
                # It counts nowhere; the draft still says that it has been seen.
                if not ended_before:
                    self.applied_offset = entry.offset
                return
            self._fold_time_out(entry)
        elif ended_before:
            self.late += 1
            self._see_epoch(entry)
        elif entry.type == "run.resumed":
            self._add_resumed(entry)
        elif is_control(entry.type):
            self._add_other_control(entry)
        else:
            self._add_producer_event(entry)
        self.applied_offset = entry.offset
        if self.ended_by is not None and not ended_before:
            # What waits behind the end is late, never missing.
            self.late += len(self.waiting)
            self.waiting = []
            self.highest_seq_at_end = self.highest_seq
            self.highest_epoch_at_end = self.highest_epoch

    # --- producer events -----------------------------------------------------------------------

    def _add_producer_event(self, entry: Entry) -> None:
        seq: int = entry.event["seq"]
        if self._is_fenced(entry):
            self.fenced += 1
            return
        self._see_epoch(entry)
        self.highest_seq = max(self.highest_seq, seq)
        copies = [other for other in self.folded + self.waiting if other.seq == seq]
        was_folded = any(other.seq == seq for other in self.folded)
        unseen = was_folded and self.last_folded_seq - seq > COPY_WINDOW
        if copies and (unseen or copies[0].content == entry.content):
            self.duplicates += 1
        elif copies:
            self.conflicts.append((seq, entry.offset))
        elif any(first <= seq <= last for first, last in self.missing):
            self.late += 1
        else:
            self.waiting.append(entry)
            self._fold_what_is_next()
            while self.ended_by is None and self._too_much_waits():
                self._give_up_lowest_gap()

    def _is_fenced(self, entry: Entry) -> bool:
        epoch = entry.event["producer_epoch"]
        if epoch < self.highest_epoch:
            return True
        return bool(epoch == self.highest_epoch and entry.event["producer_id"] != self.epoch_owner)

    def _see_epoch(self, entry: Entry) -> None:
        """Epochs are seen from producer events and take-overs only."""
        if is_control(entry.type) and entry.type != "run.resumed":
            return
        if entry.event["producer_epoch"] > self.highest_epoch:
            self.highest_epoch = entry.event["producer_epoch"]
            self.epoch_owner = entry.event["producer_id"]

    def _fold_what_is_next(self) -> None:
        while self.ended_by is None:
            ready = [entry for entry in self.waiting if entry.seq == self.next_seq]
            if not ready:
                return
            self.waiting.remove(ready[0])
            self._fold(ready[0])

    def _too_much_waits(self) -> bool:
        waiting_bytes = sum(len(entry.value) for entry in self.waiting)
        return len(self.waiting) > MAX_WAITING_EVENTS or waiting_bytes > MAX_WAITING_BYTES

    def _give_up_lowest_gap(self) -> None:
        lowest = min(entry.event["seq"] for entry in self.waiting)
        self.missing.append((self.next_seq, lowest - 1))
        self._fold_what_is_next()

    def _fold_all_that_waits(self) -> None:
        while self.ended_by is None and self.waiting:
            self._give_up_lowest_gap()

    def _fold(self, entry: Entry) -> None:
        self.folded.append(entry)
        if entry.seq is not None:
            self.last_folded_seq = entry.seq
        if entry.type in TERMINAL_STATUS:
            self.ended_by = entry

    # --- control events ------------------------------------------------------------------------

    def _time_out_holds(self, entry: Entry) -> bool:
        return bool(
            entry.data["last_seq"] == self.highest_seq
            and entry.data["last_epoch"] == self.highest_epoch
        )

    def _fold_time_out(self, entry: Entry) -> None:
        self._fold_all_that_waits()
        self._fold(entry)
        if self.ended_by is None:
            self.ended_by = entry

    def _add_resumed(self, entry: Entry) -> None:
        if entry.event["producer_epoch"] <= self.highest_epoch:
            self.fenced += 1
            return
        self._see_epoch(entry)
        self._fold(entry)
        # Every gap below the highest seq lies below an event that waits.
        self._fold_all_that_waits()

    def _add_other_control(self, entry: Entry) -> None:
        if any(other.type == entry.type for other in self.folded):
            self.duplicates += 1
            return
        self._fold(entry)
        if entry.type == "run.cancel_requested":
            self.forwarded.append(entry)
