"""Events on their way to disk: as they come in, and while they are in memory alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from durable_streaming.gateway.store.joined import Joined
from durable_streaming.gateway.store.rows import RunRow

# A reader decodes all of it however little it wants, and wants about as much at a time.
_CHUNK_BYTES = 64 * 1024


# Untracked by the garbage collector, as there are many and no cycle can be in one.
class Incoming(msgspec.Struct, gc=False):
    """Consecutive valid events of one run on their way into the store and to the viewers.

    Attributes:
        offsets, frames, times_ms: of each event, in order; times are the broker's.
        size: bytes of the frames.
        start_offset: of the last event with seq 0, -1 where there is none.
        is_urgent: whether they must not wait to be joined with others.
        floor: the run's next offset before them, 0 where they are the run's first: nothing of the
            run lies between. Known from `EventStore.append` on, as is the next.
        before_ms: time of the run's event before them, 0 where it is long ago.
    """

    run_id: str
    partition: int
    offsets: list[int]
    frames: list[bytes]
    times_ms: list[int]
    size: int = 0
    start_offset: int = -1
    is_urgent: bool = False
    floor: int = 0
    before_ms: int = 0

    def extend(self, later: Incoming) -> None:
        """Add those that come right after."""
        self.offsets += later.offsets
        self.frames += later.frames
        self.times_ms += later.times_ms
        self.size += later.size

    def since(self, offset: int) -> Incoming | None:
        """Give those from an offset on, None where there is none."""
        first = bisect_left(self.offsets, offset)
        if first == len(self.offsets):
            return None
        frames = self.frames[first:]
        return msgspec.structs.replace(
            self,
            offsets=self.offsets[first:],
            frames=frames,
            times_ms=self.times_ms[first:],
            size=sum(map(len, frames)),
        )


class Held:
    """What came of one run since the last write.

    Attributes:
        row: the run's row with these events in it.
        offsets, frames: of the events, in order.
        is_new: whether the run is not in the run list yet.
    """

    __slots__ = ("frames", "is_new", "offsets", "row")

    def __init__(self, row: RunRow, *, is_new: bool) -> None:
        self.row = row
        self.offsets: list[int] = []
        self.frames: list[bytes] = []
        self.is_new = is_new

    def since(self, offset: int) -> tuple[list[int], list[bytes]]:
        """Give offsets and frames from an offset on."""
        first = bisect_left(self.offsets, offset)
        return self.offsets[first:], self.frames[first:]

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Give the events as they are stored: last offset and value of each chunk."""
        first, size = 0, 0
        for at, frame in enumerate(self.frames, 1):
            size += len(frame)
            if size >= _CHUNK_BYTES or at == len(self.frames):
                chunk = Joined.of(self.offsets[first:at], self.frames[first:at])
                yield chunk.offsets[-1], chunk.encode()
                first, size = at, 0
