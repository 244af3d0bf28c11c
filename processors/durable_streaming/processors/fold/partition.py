"""Everything derived from one partition of the events topic."""

from collections.abc import Iterable
from typing import Self

from durable_streaming.processors.fold.answer import Claim, Streamed
from durable_streaming.processors.fold.dead_letter import dead_letter
from durable_streaming.processors.fold.errors import StateLostError
from durable_streaming.processors.fold.head import head_record
from durable_streaming.processors.fold.packet import packet_records
from durable_streaming.processors.fold.plain import plain
from durable_streaming.processors.fold.ports import (
    Derived,
    DerivedStore,
    DerivedTopic,
    LogRecord,
    ReadRecord,
)
from durable_streaming.processors.fold.receive import receive, settle
from durable_streaming.processors.fold.reconcile import (
    Reconciliation,
    count_late,
    reconcile,
)
from durable_streaming.processors.fold.snapshot import (
    POSITION_KEY,
    is_run_key,
    load_position,
    load_run,
    position_record,
    state_keys,
    state_records,
)
from durable_streaming.processors.fold.state import Ending, Run
from durable_streaming.processors.fold.text import Chunk, chunk_key, chunk_record
from durable_streaming.processors.fold.timeouts import due_timeouts
from durable_streaming.schemas import BadRecord, Event, decode, judge
from durable_streaming.schemas.deltas import read_plain_delta


class PartitionFold:
    """The fold of one partition: records in, derived records out.

    A pure function of the records fed: no I/O but through `store`, no clock. Feed records in the
    order of their offsets; records below `next_offset` are ignored, so reading again from an
    older position does no harm.

    Attributes:
        next_offset: the first offset that is not folded yet.
        pending_bytes: bytes of the values fed since the last drain.
        run_ended: whether a run ended since the last drain.
    """

    def __init__(self, partition: int, partitions: int, *, store: DerivedStore) -> None:
        self._partition = partition
        self._partitions = partitions
        self._store = store
        self._read: ReadRecord | None = None
        self._runs: dict[str, Run] = {}
        self._changed: dict[str, Run] = {}
        # Verdicts that the store may not have yet, and those that it has after the next drain.
        self._verdicts: dict[str, Reconciliation] = {}
        self._drained_verdicts: dict[str, Reconciliation] = {}
        self._out: list[Derived] = []
        self._drained_offset = 0
        self.next_offset = 0
        self.pending_bytes = 0
        self.run_ended = False

    @classmethod
    def restore(
        cls, partition: int, partitions: int, store: DerivedStore, read: ReadRecord
    ) -> Self:
        """Go on from what is committed.

        Args:
            partition: which partition it is.
            partitions: how many the events topic has.
            store: the last committed values of the derived topics.
            read: reads a record of the partition again. It is called, also later, for events
                that waited or must be compared; a failure to read must raise, not give None.

        Raises:
            StateVersionError: a newer worker wrote the state.
            StateLostError: the store lacks a record that the state needs.
        """
        fold = cls(partition, partitions, store=store)
        fold._read = read
        position = store.get("state", POSITION_KEY)
        if position is not None:
            fold.next_offset = fold._drained_offset = load_position(position)
        for key, state in store.scan("state", b""):
            if is_run_key(key):
                run = load_run(key.decode(), state, store, fold._recall)
                fold._runs[run.run_id] = run
        return fold

    @property
    def changed(self) -> int:
        """About how many records the next drain gives."""
        return len(self._out) + 2 * len(self._changed) + len(self._verdicts)

    @property
    def running(self) -> int:
        """Number of runs that have not ended."""
        return len(self._runs)

    def feed(self, record: LogRecord) -> None:
        """Fold one record; see `feed_all`."""
        self.feed_all((record,))

    def feed_all(self, records: Iterable[LogRecord]) -> None:
        """Fold records in the order of their offsets.

        A bad one becomes a dead letter and changes nothing else.
        """
        runs, changed, next_offset = self._runs, self._changed, self.next_offset
        for record in records:
            offset = record.offset
            if offset < next_offset:
                continue
            next_offset = offset + 1
            value = record.value
            if value is not None:
                self.pending_bytes += len(value)
                delta = read_plain_delta(value)
                if delta is not None:
                    run = runs.get(delta.run_id)
                    if (
                        run is not None
                        and (stretch := run.stretch) is not None
                        and stretch.take(delta, record.key, offset)
                    ):
                        if len(stretch.texts) == 1:  # with others the run is among them already
                            changed[delta.run_id] = run
                        if record.timestamp_ms > run.last_event_ms:
                            run.last_event_ms = record.timestamp_ms
                        continue
            self._fold(record)
        self.next_offset = next_offset

    def _fold(self, record: LogRecord) -> None:
        offset, value = record.offset, record.value
        event = judge(value, record.key, self._partition, self._partitions)
        if isinstance(event, BadRecord):
            self._out.append(dead_letter(record, self._partition, event))
            return
        run_id = event.run_id
        run = self._runs.get(run_id)
        if run is None:
            verdict = self._verdict(run_id)
            if verdict is not None:
                self._receive_late(event, verdict, offset)
                return
            run = self._runs[run_id] = Run(run_id)
        self._changed[run_id] = run
        if record.timestamp_ms > run.last_event_ms:
            run.last_event_ms = record.timestamp_ms
        counted_control = receive(run, event, offset, len(value or b""))
        if counted_control and event.type == "run.cancel_requested":
            self._emit("control", run.key, value)
        if run.ending is not None:
            self._end(run, run.ending)

    def drain(self) -> list[Derived]:
        """Give everything that changed since the last drain: the content of one transaction.

        Drain again only when the last content is committed and in the store: from then on it
        is read from there. Feeding meanwhile is fine; when the commit fails, restore a new fold.
        When drains happen changes only which intermediate heads are written.
        """
        if self.next_offset == self._drained_offset:
            return []
        emit, partition = self._emit, self._partition
        for run in self._changed.values():
            settle(run)
            for number, chunk in run.text.take_sealed():
                key = chunk_key(run.key, number)
                emit("drafts", key, chunk_record(run.quoted_id, number, chunk))
            emit("drafts", run.key, head_record(run, partition))
            for key, value in state_records(run):
                emit("state", key, value)
        for run_id, verdict in self._verdicts.items():
            self._emit("reconciliations", run_id.encode(), plain(verdict))
        self._emit("state", POSITION_KEY, position_record(self.next_offset))
        drained, self._out = self._out, []
        self._changed.clear()
        self._drained_verdicts, self._verdicts = self._verdicts, {}
        self._drained_offset = self.next_offset
        self.pending_bytes = 0
        self.run_ended = False
        return drained

    def due_timeouts(self, now_ms: int, idle_ms: int) -> list[tuple[bytes, bytes]]:
        """Write the `run.timed_out` events to append to the events topic, as (key, value).

        Args:
            now_ms: the time, in milliseconds since 1970.
            idle_ms: how long a run may be silent by the broker's time.
        """
        return due_timeouts(self._runs.values(), now_ms, idle_ms)

    def _emit(self, topic: DerivedTopic, key: bytes, value: bytes | None) -> None:
        self._out.append(Derived(topic, key, value, []))

    def _verdict(self, run_id: str) -> Reconciliation | None:
        verdict = self._verdicts.get(run_id) or self._drained_verdicts.get(run_id)
        if verdict is None:
            stored = self._store.get("reconciliations", run_id.encode())
            if stored is not None:
                verdict = decode(stored)
        return verdict

    def _receive_late(self, event: Event, verdict: Reconciliation, offset: int) -> None:
        # No time-out holds after the end: it counts nowhere.
        if event.type != "run.timed_out":
            count_late(verdict, offset)
            self._verdicts[event.run_id] = verdict

    def _end(self, run: Run, ending: Ending) -> None:
        run.order.close()
        claim = Claim.of(ending.data)
        parts = claim.parts if claim is not None else None
        streamed = Streamed(run.text, parts, lambda number: self._read_chunk(run, number))
        for key, packet in packet_records(run, ending, claim, streamed, self._partition):
            self._emit("packets", key, packet)
        self._verdicts[run.run_id] = reconcile(run, ending, claim, streamed, self._partition)
        # Also where head and state were never written: what is written must not depend on when
        # drains happened.
        for number in range(run.text.sealed):
            self._emit("drafts", chunk_key(run.key, number), None)
        self._emit("drafts", run.key, None)
        for key in state_keys(run):
            self._emit("state", key, None)
        del self._runs[run.run_id]
        del self._changed[run.run_id]
        self.run_ended = True

    def _read_chunk(self, run: Run, number: int) -> Chunk:
        stored = self._store.get("drafts", chunk_key(run.key, number))
        if stored is None:
            raise StateLostError(f"chunk {number} of {run.run_id}")
        chunk = decode(stored)
        return Chunk(chunk["text"], plain(chunk["deltas"])[1:-1])

    def _recall(self, offset: int) -> Event | None:
        record = self._read(offset) if self._read is not None else None
        if record is None:
            return None
        event = judge(record.value, record.key, self._partition, self._partitions)
        return event if isinstance(event, Event) else None
