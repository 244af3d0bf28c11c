"""Events that are in memory and not on disk yet, and how several of them lie there as one value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from durable_streaming.gateway.store.rows import RunRow

# A reader decodes a whole chunk however little of it it wants.
_CHUNK_BYTES = 64 * 1024


class StoredEvent(NamedTuple):
    """One event as it is handed out: the stored bytes, stripped."""

    offset: int
    value: bytes


encode_chunk = msgspec.msgpack.Encoder().encode
"""Write consecutive events of a run as one value."""

decode_chunk = msgspec.msgpack.Decoder(list[StoredEvent]).decode
"""Read the events of a chunk; raises `msgspec.DecodeError` for other bytes."""


class Held:
    """What came of one run since the last write.

    Attributes:
        row: the run's row with these events in it.
        events: in order of offset.
        is_new: whether the run is not in the run list yet.
    """

    __slots__ = ("events", "is_new", "row")

    def __init__(self, row: RunRow, *, is_new: bool) -> None:
        self.row = row
        self.events: list[StoredEvent] = []
        self.is_new = is_new

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Give the events as they are stored: last offset and value of each chunk."""
        first, size = 0, 0
        for at, event in enumerate(self.events, 1):
            size += len(event.value)
            if size >= _CHUNK_BYTES or at == len(self.events):
                yield event.offset, encode_chunk(self.events[first:at])
                first, size = at, 0
