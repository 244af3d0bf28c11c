"""The newest frames of one run, in memory."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

from durable_streaming.gateway.frames import Chunk


class Ring:
    """A run's events from `floor` on, as frames; the oldest leave when it is full.

    Frame bytes are the wire's bytes, so that handing them out is a slice and a join.
    """

    __slots__ = ("_frames", "_offsets", "floor", "max_bytes", "size")

    def __init__(self, floor: int, max_bytes: int) -> None:
        """Begin empty.

        Args:
            floor: all events of the run at this offset or above will be appended.
            max_bytes: bound of the frames kept; the newest frame is kept however long it is.
        """
        self.floor = floor
        self.max_bytes = max_bytes
        self.size = 0
        self._offsets: list[int] = []
        self._frames: list[bytes] = []

    def extend(self, offsets: list[int], frames: list[bytes], size: int) -> int:
        """Add the run's next events; says by how many bytes the ring has grown or shrunk.

        Args:
            offsets: of the events, in order, at least one.
            frames: of the same.
            size: bytes of the frames.
        """
        before = self.size
        self._offsets += offsets
        self._frames += frames
        self.size += size
        if self.size > self.max_bytes:
            self._shrink()
        return self.size - before

    def covers(self, cursor: int) -> bool:
        """Say whether everything of the run from `cursor` on, as far as it came, is here."""
        return cursor >= self.floor

    def take(self, cursor: int, end: int, max_bytes: int) -> Chunk | None:
        """Join frames from `cursor` up to, but not including, offset `end`.

        Returns:
            At least one frame and at most about `max_bytes`, or None where there is none.
        """
        first = bisect_left(self._offsets, cursor)
        last = bisect_left(self._offsets, end, lo=first)
        if first == last:
            return None
        ends = list(accumulate(map(len, self._frames[first:last])))
        count = min(bisect_left(ends, max_bytes) + 1, len(ends))
        last = first + count
        return Chunk(b"".join(self._frames[first:last]), self._offsets[last - 1] + 1, count)

    def _shrink(self) -> None:
        # Down to three quarters, so that the lists are moved rarely and not with each event.
        too_much = self.size - self.max_bytes * 3 // 4
        ends = list(accumulate(map(len, self._frames[:-1])))
        cut = min(bisect_left(ends, too_much) + 1, len(ends))
        if cut:
            self.size -= ends[cut - 1]
        self.floor = self._offsets[cut]
        del self._offsets[:cut]
        del self._frames[:cut]
