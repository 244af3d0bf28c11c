"""The events, by run and offset: reading a run costs what the run is long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from rocksdict import WriteBatch

from durable_streaming.gateway.store import keys
from durable_streaming.gateway.store.database import Database
from durable_streaming.gateway.store.rows import RunRow, Summary
from durable_streaming.gateway.times import to_ms

# Rows of runs that are being written; a row that fell out is read from disk again.
_CACHED_ROWS = 10_000


class Incoming(NamedTuple):
    """One valid event on its way into the store."""

    run_id: bytes
    partition: int
    offset: int
    timestamp_ms: int
    seq: int | None
    value: bytes


class StoredEvent(NamedTuple):
    """One event as it is handed out: the stored bytes, stripped."""

    offset: int
    value: bytes


class EventStore:
    """Events, their runs' rows and the tail's positions, written together.

    One thread appends; any thread reads.
    """

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic
        self._rows: OrderedDict[bytes, RunRow] = OrderedDict()

    def position(self, partition: int) -> int | None:
        """Return the tail's next offset, or None when nothing was read yet."""
        raw = self._database.get(keys.position(self._topic, partition))
        return None if raw is None else int.from_bytes(raw, "big")

    def append(self, events: Iterable[Incoming], positions: dict[int, int]) -> list[int]:
        """Store a batch with the positions after it, all or nothing.

        Args:
            events: in order of offset in each partition.
            positions: the next offset of each partition that moved.

        Returns:
            For each event the run's next offset before it, 0 where it is the run's first.
        """
        batch = self._database.batch()
        touched: dict[bytes, RunRow] = {}
        before: list[int] = []
        for event in events:
            batch.put(keys.event(event.run_id, event.offset), event.value)
            row = touched.get(event.run_id) or self._row_for_writing(event.run_id)
            if row is None:
                row = RunRow(event.partition, event.timestamp_ms, event.offset, 0, -1, 0)
                self._rows[event.run_id] = row
                self._list_run(batch, event)
            before.append(row.next_offset)
            row.next_offset = event.offset + 1
            row.events += 1
            if event.seq == 0:
                row.start_offset = event.offset
            touched[event.run_id] = row
        for run_id, row in touched.items():
            batch.put(keys.row(run_id), row.pack())
        for partition, next_offset in positions.items():
            batch.put(keys.position(self._topic, partition), next_offset.to_bytes(8, "big"))
        self._database.write(batch)
        while len(self._rows) > _CACHED_ROWS:
            self._rows.popitem(last=False)
        return before

    def row(self, run_id: str) -> RunRow | None:
        """Return what a run's events say, or None for a run never seen."""
        raw = self._database.get(keys.row(run_id.encode()))
        return None if raw is None else RunRow.unpack(raw)

    def read(
        self, run_id: str, from_offset: int, *, limit: int, max_bytes: int, end: int | None = None
    ) -> list[StoredEvent]:
        """Return a run's events from an offset (inclusive) on.

        Args:
            run_id: the run.
            from_offset: first offset wanted.
            limit: most events to return.
            max_bytes: stop after the event that reaches so many bytes of values.
            end: first offset not wanted.
        """
        key = run_id.encode()
        stop = keys.events_end(key) if end is None else keys.event(key, end)
        found: list[StoredEvent] = []
        size = 0
        for event_key, value in self._database.scan(keys.event(key, from_offset), stop):
            found.append(StoredEvent(keys.offset_of(event_key), value))
            size += len(value)
            if len(found) >= limit or size >= max_bytes:
                break
        return found

    def expire(self, lows: dict[int, int]) -> int:
        """Follow the broker's retention.

        Args:
            lows: low watermarks of the partitions whose records below them are gone.

        Returns:
            How many runs lost records.
        """
        expired = 0
        for run_id, row in list(self._all_rows()):
            low = lows.get(row.partition, 0)
            if row.first_offset >= low:
                continue
            expired += 1
            batch = self._database.batch()
            batch.delete_range(keys.event(run_id, 0), keys.event(run_id, low))
            kept = self.read(run_id.decode(), low, limit=1, max_bytes=1)
            row.first_offset = kept[0].offset if kept else row.next_offset
            if kept or self._database.get(keys.summary(run_id)) is not None:
                batch.put(keys.row(run_id), row.pack())
            else:
                batch.delete(keys.row(run_id))
                batch.delete(keys.listing(row.first_ms, run_id))
            self._rows.pop(run_id, None)
            self._database.write(batch)
        return expired

    def _list_run(self, batch: WriteBatch, event: Incoming) -> None:
        raw = self._database.get(keys.summary(event.run_id))
        if raw is not None:
            # All its events had expired and it was listed without them: never twice.
            began = to_ms(msgspec.json.decode(raw, type=Summary).started_at)
            batch.delete(keys.listing(began, event.run_id))
        batch.put(keys.listing(event.timestamp_ms, event.run_id), b"")

    def _all_rows(self) -> Iterator[tuple[bytes, RunRow]]:
        for key, raw in self._database.scan(keys.row(b""), keys.after(keys.row(b""))):
            yield key[1:], RunRow.unpack(raw)

    def _row_for_writing(self, run_id: bytes) -> RunRow | None:
        row = self._rows.get(run_id)
        if row is not None:
            self._rows.move_to_end(run_id)
            return row
        raw = self._database.get(keys.row(run_id))
        if raw is None:
            return None
        row = self._rows[run_id] = RunRow.unpack(raw)
        return row
