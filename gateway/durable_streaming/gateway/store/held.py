"""Events on their way to disk: as they come in, and while they are in memory alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from durable_streaming.gateway.store.joined import Joined
from durable_streaming.gateway.store.rows import RunRow

# A reader decodes all of it however little it wants, and wants about as much at a time.
_CHUNK_BYTES = 64 * 1024


# Untracked by the garbage collector, as there is one for each event and no cycle can be in it.
class Incoming(msgspec.Struct, gc=False):
    """One valid event on its way into the store and to the viewers.

    Attributes:
        timestamp_ms: the broker's.
        is_start: whether its seq is 0.
        is_urgent: whether it must not wait to be joined with others.
        floor: the run's next offset before it, 0 where it is the run's first: nothing of the run
            lies between. Known from `EventStore.append` on.
    """

    run_id: str
    partition: int
    offset: int
    timestamp_ms: int
    frame: bytes
    is_start: bool
    is_urgent: bool
    floor: int = 0


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
