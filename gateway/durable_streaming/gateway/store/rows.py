"""What is known of one run: from its events alone, and from its derived records."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec

_ROW = struct.Struct(">HqqqqQ")


@dataclass(slots=True)
class RunRow:
    """What a run's events say, kept as they come in.

    Attributes:
        partition: of the events topic.
        first_ms: the broker's time of the first record, milliseconds.
        first_offset: first record that the log keeps; `next_offset` where none is left.
        next_offset: one past the last record.
        start_offset: last record with seq 0, or -1: once retention has passed it, the run's
            beginning is gone.
        events: valid events taken in.
        last_ms: the broker's time of the last record; of this process alone, it is not stored.
    """

    partition: int
    first_ms: int
    first_offset: int
    next_offset: int
    start_offset: int
    events: int
    last_ms: int = field(default=0, compare=False)

    def pack(self) -> bytes:
        """Write the row."""
        return _ROW.pack(
            self.partition,
            self.first_ms,
            self.first_offset,
            self.next_offset,
            self.start_offset,
            self.events,
        )

    @classmethod
    def unpack(cls, raw: bytes) -> Self:
        """Read a row."""
        return cls(*_ROW.unpack(raw))

    def copy(self) -> Self:
        """Give the row as it is now."""
        return replace(self)

    def is_truncated(self, low: int) -> bool:
        """Say whether the log no longer keeps the run from its beginning.

        Args:
            low: the partition's low watermark.
        """
        return low > 0 and self.start_offset < low


class Summary(msgspec.Struct):
    """What a run's derived records say: the run list's entry, and whether the run is settled.

    Attributes:
        applied: offset of the last event that draft or verdict took into account, -1 for none.
        verdict_applied: the same of the verdict, -1 while there is none.
        draft_gone: the draft's tombstone came; the draft stays until packet and verdict are here.
    """

    status: str = "running"
    agent: str | None = None
    title: str | None = None
    started_at: str | None = None
    updated_at: str | None = None
    ended_at: str | None = None
    verdict: str | None = None
    thread_id: str | None = None
    parent_run_id: str | None = None
    tags: dict[str, str] = {}
    applied: int = -1
    verdict_applied: int = -1
    draft_gone: bool = False

    @property
    def settled(self) -> bool:
        """Whether packet and verdict are both known."""
        return self.status != "running" and self.verdict is not None
