"""The sequence of one run: what is folded, what waits, what is missing, what was refused."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from durable_streaming.processors.fold.bounds import LIST_ENTRIES
from durable_streaming.processors.fold.copies import Fingerprint, Recall, Window, fingerprint
from durable_streaming.processors.fold.pages import Pages
from durable_streaming.processors.fold.rows import Conflict
from durable_streaming.schemas import Event

MAX_WAITING_EVENTS: Final = 1_000
MAX_WAITING_BYTES: Final = 4 * 1024 * 1024


class Waiting(NamedTuple):
    """An event that waits for its turn; without `event` after a restart, until its turn.

    Attributes:
        size: bytes of the value as stored, the white space around it included.
    """

    offset: int
    size: int
    event: Event | None


def forget(offset: int) -> Event | None:
    """Stand in for reading the log again, where nothing can have been left out of memory."""
    return None


class Order:
    """The order in which a run's producer events are folded.

    Attributes:
        next_seq: the first seq that is neither folded nor given up.
        last: the last folded seq, -1 where none was.
        missing: inclusive ranges of seqs that were given up, rising.
    """

    __slots__ = (
        "_turns",
        "conflict_count",
        "conflicts",
        "duplicates",
        "fenced",
        "last",
        "late",
        "missing",
        "missing_count",
        "next_seq",
        "recall",
        "waiting",
        "waiting_bytes",
        "window",
    )

    def __init__(self) -> None:
        self.next_seq = 0
        self.last = -1
        self.waiting: dict[int, Waiting] = {}
        self._turns: list[int] = []
        self.waiting_bytes = 0
        self.window = Window()
        self.missing: Pages[list[int]] = Pages()
        self.missing_count = 0
        self.conflicts: Pages[Conflict] = Pages()
        self.conflict_count = 0
        self.duplicates = 0
        self.late = 0
        self.fenced = 0
        self.recall: Recall = forget

    @property
    def overfull(self) -> bool:
        """Whether so much waits that the lowest gap must be given up."""
        return len(self.waiting) > MAX_WAITING_EVENTS or self.waiting_bytes > MAX_WAITING_BYTES

    def extend(self, first_seq: int, offsets: Sequence[int], known: Sequence[Fingerprint]) -> None:
        """Note events that are folded one after the other; nothing waits.

        Args:
            first_seq: the seq of the first, which is `next_seq`.
            offsets: where they stand.
            known: their fingerprints.
        """
        self.next_seq = first_seq + len(offsets)
        self.last = self.next_seq - 1
        self.window.extend(first_seq, offsets, known)

    def wait(self, seq: int, waiting: Waiting) -> None:
        """Keep an event until its turn."""
        self.waiting[seq] = waiting
        self.waiting_bytes += waiting.size
        heappush(self._turns, seq)

    def count_repeated(self, seq: int, offset: int, event: Event) -> None:
        """Count a record whose seq was folded, waits or was given up."""
        waiting = self.waiting.get(seq)
        if waiting is not None:
            first = waiting.event or self.recall(waiting.offset)
            copy = first is None or fingerprint(first.type, first.data) == fingerprint(
                event.type, event.data
            )
        elif self._given_up(seq):
            self.late += 1
            return
        else:
            copy = self.window.is_copy(seq, event, self.recall)
        if copy:
            self.duplicates += 1
            return
        self.conflict_count += 1
        if len(self.conflicts) < LIST_ENTRIES:
            self.conflicts.append({"seq": seq, "offset": offset})

    def in_turn(self) -> Iterator[tuple[int, int, Event]]:
        """Take out the waiting events whose turn it is, as (seq, offset, event)."""
        turns = self._turns
        while turns and turns[0] == self.next_seq:
            seq = heappop(turns)
            waiting = self.waiting.pop(seq)
            self.waiting_bytes -= waiting.size
            event = waiting.event or self.recall(waiting.offset)
            if event is None:
                # Retention has removed it before its turn: nobody can fold it any more.
                self._give_up_below(seq + 1)
            else:
                yield seq, waiting.offset, event

    def give_up_gap(self) -> None:
        """Give up the seqs below the lowest one that waits."""
        if self._turns:
            self._give_up_below(self._turns[0])

    def close(self) -> None:
        """End the sequence: what still waits stands behind the end."""
        self.late += len(self.waiting)
        self.waiting.clear()
        self._turns.clear()
        self.waiting_bytes = 0

    def load_waiting(self, waiting: dict[int, Waiting]) -> None:
        """Take what waited as it was written."""
        self.waiting = waiting
        self.waiting_bytes = sum(entry.size for entry in waiting.values())
        self._turns = list(waiting)
        heapify(self._turns)

    def _give_up_below(self, seq: int) -> None:
        first = self.next_seq
        if seq == first:
            return
        self.missing_count += seq - first
        self.next_seq = seq
        rows = self.missing.rows
        if rows and rows[-1][1] == first - 1:
            # Ranges are as wide as they can be, however many steps made them.
            self.missing.replace_last([rows[-1][0], seq - 1])
        else:
            self.missing.append([first, seq - 1])

    def _given_up(self, seq: int) -> bool:
        rows = self.missing.rows
        place = bisect_right(rows, seq, key=lambda row: row[0]) - 1
        return place >= 0 and rows[place][1] >= seq
