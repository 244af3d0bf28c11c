"""How consecutive events of a run lie on disk: as the wire has them, so that reading is copying."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Self

import msgspec

from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.frames import Chunk


class Joined(msgspec.Struct, array_like=True, frozen=True):
    """Frames of consecutive events of a run, joined, and where each of them is.

    Attributes:
        offsets: of the events, rising.
        ends: where each frame ends.
    """

    offsets: list[int]
    ends: list[int]
    data: bytes

    @classmethod
    def of(cls, offsets: list[int], frames: Sequence[bytes]) -> Self:
        """Join frames."""
        return cls(offsets, list(accumulate(map(len, frames))), b"".join(frames))

    def encode(self) -> bytes:
        """Write it as one value."""
        return _encode(self)

    @classmethod
    def decode(cls, raw: bytes) -> Joined:
        """Read what `encode` wrote.

        Raises:
            StoreDamagedError: it is something else.
        """
        try:
            found = _decode(raw)
        except msgspec.DecodeError as error:
            raise StoreDamagedError(f"stored events can't be read: {error}") from error
        if not found.ends or len(found.ends) != len(found.offsets):
            raise StoreDamagedError("stored events can't be read: they are not whole")
        return found

    def take(self, start: int, end: int, limit: int, max_bytes: int) -> Chunk | None:
        """Cut out the events from offset `start` up to, but not including, `end`.

        Args:
            start: first offset wanted.
            end: first offset not wanted.
            limit: most events, above 0.
            max_bytes: stop after the frame that reaches so many.

        Returns:
            At least one event, or None where there is none.
        """
        first = bisect_left(self.offsets, start)
        last = min(bisect_left(self.offsets, end, first), first + limit)
        begin = self.ends[first - 1] if first else 0
        last = min(last, bisect_left(self.ends, begin + max_bytes, first) + 1)
        if first >= last:
            return None
        data = self.data[begin : self.ends[last - 1]]
        return Chunk(data, self.offsets[last - 1] + 1, last - first)

    def since(self, start: int) -> Joined:
        """Leave out the events below an offset."""
        first = bisect_left(self.offsets, start)
        begin = self.ends[first - 1] if first else 0
        return Joined(
            self.offsets[first:], [end - begin for end in self.ends[first:]], self.data[begin:]
        )


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Joined).decode
