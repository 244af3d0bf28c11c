"""The events, by run and offset: reading a run costs what the run is long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from threading import Lock

import msgspec
from rocksdict import WriteBatch

from durable_streaming.gateway.frames import Chunk
from durable_streaming.gateway.store import keys
from durable_streaming.gateway.store.database import Database
from durable_streaming.gateway.store.held import Held, Incoming
from durable_streaming.gateway.store.joined import Joined
from durable_streaming.gateway.store.rows import RunRow, Summary
from durable_streaming.gateway.times import to_ms

# Rows of runs that are being written; a row that fell out is read from disk again.
_CACHED_ROWS = 10_000
# Events of a run that are written together cost little more than one.
_HOLD_S = 0.25
_HOLD_BYTES = 4 * 1024 * 1024
_NO_END = 2**63


class EventStore:
    """Events, their runs' rows and the tail's positions, written together.

    One thread appends and writes; any thread reads. What was appended is read at once. It is in the
    database within a quarter of a second of the next `write_due`, with the positions after it: a
    crash loses both or neither, and the tail reads again what is missing.
    """

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic
        self._rows: OrderedDict[str, RunRow] = OrderedDict()
        # Readers see a batch whole or not at all.
        self._lock = Lock()
        self._held: dict[str, Held] = {}
        self._held_positions: dict[int, int] = {}
        self._held_bytes = 0
        self._write_at = 0.0

    def position(self, partition: int) -> int | None:
        """Return the tail's next offset as written, or None when nothing was read yet."""
        raw = self._database.get(keys.position(self._topic, partition))
        return None if raw is None else int.from_bytes(raw, "big")

    def append(self, batch: Iterable[Incoming], positions: dict[int, int]) -> None:
        """Take a batch in with the positions after it, and fill in what comes before each part.

        Args:
            batch: in order of offset in each run.
            positions: the next offset of each partition that moved.

        Raises:
            StoreDamagedError: the store is of no use any more, be the batch in by half or not.
        """
        with self._lock:
            if not self._held_positions:
                self._write_at = time.monotonic() + _HOLD_S
            for events in batch:
                held = self._held.get(events.run_id) or self._hold(events)
                held.offsets += events.offsets
                held.frames += events.frames
                self._held_bytes += events.size
                row = held.row
                events.floor, events.before_ms = row.next_offset, row.last_ms
                row.next_offset, row.last_ms = events.offsets[-1] + 1, events.times_ms[-1]
                row.events += len(events.offsets)
                if events.start_offset >= 0:
                    row.start_offset = events.start_offset
            self._held_positions |= positions

    def write_due(self) -> None:
        """Write what was held long enough, or is much, or the run list waits for."""
        if self._held_positions and (
            self._held_bytes >= _HOLD_BYTES or time.monotonic() >= self._write_at
        ):
            self.write()

    def write(self) -> None:
        """Write all that is held, all of it or nothing."""
        batch = self._database.batch()
        for run_id, held in self._held.items():
            key = run_id.encode()
            for last_offset, value in held.chunks():
                batch.put(keys.chunk(key, last_offset), value)
            batch.put(keys.row(key), held.row.pack())
            if held.is_new:
                self._list_run(batch, key, held.row)
        for partition, next_offset in self._held_positions.items():
            batch.put(keys.position(self._topic, partition), next_offset.to_bytes(8, "big"))
        self._database.write(batch)
        # Only now: until here readers find it in memory, from here on disk.
        with self._lock:
            self._held, self._held_positions, self._held_bytes = {}, {}, 0
        while len(self._rows) > _CACHED_ROWS:
            self._rows.popitem(last=False)

    def row(self, run_id: str) -> RunRow | None:
        """Return what a run's events say, or None for a run never seen."""
        with self._lock:
            held = self._held.get(run_id)
            if held is not None:
                return held.row.copy()
        raw = self._database.get(keys.row(run_id.encode()))
        return None if raw is None else RunRow.unpack(raw)

    def read(
        self, run_id: str, from_offset: int, *, limit: int, max_bytes: int, end: int = _NO_END
    ) -> Chunk | None:
        """Return a run's events from an offset (inclusive) on, None where there is none.

        Args:
            run_id: the run.
            from_offset: first offset wanted.
            limit: most events to return.
            max_bytes: stop once so many are reached; what is stored as one value is not cut for
                it, so less than twice as many may come.
            end: first offset not wanted.
        """
        parts: list[bytes] = []
        cursor, frames, size = from_offset, 0, 0
        for joined in self._from(run_id, from_offset):
            chunk = joined.take(cursor, end, limit - frames, max_bytes)
            if chunk is None:
                break
            parts.append(chunk.data)
            cursor = chunk.next_offset
            frames += chunk.frames
            size += len(chunk.data)
            if frames >= limit or size >= max_bytes:
                break
        return Chunk(b"".join(parts), cursor, frames) if parts else None

    def expire(self, lows: dict[int, int]) -> int:
        """Follow the broker's retention.

        Args:
            lows: low watermarks of the partitions whose records below them are gone.

        Returns:
            How many runs lost records.
        """
        self.write()
        expired = 0
        for key, row in list(self._all_rows()):
            low = lows.get(row.partition, 0)
            if row.first_offset >= low:
                continue
            expired += 1
            batch = self._database.batch()
            batch.delete_range(keys.chunk(key, 0), keys.chunk(key, low))
            first_kept = self._trim(batch, key, low)
            row.first_offset = row.next_offset if first_kept is None else first_kept
            if (
                row.first_offset < row.next_offset
                or self._database.get(keys.summary(key)) is not None
            ):
                batch.put(keys.row(key), row.pack())
            else:
                batch.delete(keys.row(key))
                batch.delete(keys.listing(row.first_ms, key))
            self._rows.pop(key.decode(), None)
            self._database.write(batch)
        return expired

    def _trim(self, batch: WriteBatch, key: bytes, low: int) -> int | None:
        """Cut the chunk that `low` lies in; give the first offset kept."""
        for chunk_key, raw in self._database.scan(keys.chunk(key, low), keys.chunks_end(key)):
            kept = Joined.decode(raw).since(low)
            batch.put(chunk_key, kept.encode())
            return kept.offsets[0]
        return None

    def _from(self, run_id: str, from_offset: int) -> Iterator[Joined]:
        # Memory first: what is written meanwhile is then met twice, instead of never.
        with self._lock:
            held = self._held.get(run_id)
            offsets, frames = ([], []) if held is None else held.since(from_offset)
        key = run_id.encode()
        for _, raw in self._database.scan(keys.chunk(key, from_offset), keys.chunks_end(key)):
            yield Joined.decode(raw)
        if offsets:
            yield Joined.of(offsets, frames)

    def _hold(self, events: Incoming) -> Held:
        row = self._row_for_writing(events.run_id)
        is_new = row is None
        if row is None:
            row = RunRow(events.partition, events.times_ms[0], events.offsets[0], 0, -1, 0)
            self._rows[events.run_id] = row
            # The run list is read from disk alone: a new run waits for nothing.
            self._write_at = 0.0
        held = self._held[events.run_id] = Held(row, is_new=is_new)
        return held

    def _list_run(self, batch: WriteBatch, key: bytes, row: RunRow) -> None:
        raw = self._database.get(keys.summary(key))
        if raw is not None:
            # All its events had expired and it was listed without them: never twice.
            began = to_ms(msgspec.json.decode(raw, type=Summary).started_at)
            batch.delete(keys.listing(began, key))
        batch.put(keys.listing(row.first_ms, key), b"")

    def _all_rows(self) -> Iterator[tuple[bytes, RunRow]]:
        for key, raw in self._database.scan(keys.row(b""), keys.after(keys.row(b""))):
            yield key[1:], RunRow.unpack(raw)

    def _row_for_writing(self, run_id: str) -> RunRow | None:
        row = self._rows.get(run_id)
        if row is not None:
            self._rows.move_to_end(run_id)
            return row
        raw = self._database.get(keys.row(run_id.encode()))
        if raw is None:
            return None
        row = self._rows[run_id] = RunRow.unpack(raw)
        return row
