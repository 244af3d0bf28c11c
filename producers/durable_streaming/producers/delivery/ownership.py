"""Whether a run is still this producer's, as the log says."""

from __future__ import annotations

import threading
from typing import Final

from durable_streaming.eventlog import Log, Record
from durable_streaming.producers.delivery.log_range import SpanReader
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.errors import RunTakenOver
from durable_streaming.schemas import Event, judge_value

# What every claim of a run contains, so that all other records are passed over unread.
_CLAIM: Final = b"run.resumed"


class Ownership:
    """Reads what came into the partitions of the runs, to see which were taken over.

    Only where a run asks, from the run's first event on, and each record once for all runs of the
    producer: a fleet whose runs flush reads what it wrote once, one that never does reads nothing.
    A broker tells a producer that its record is stored; only the records before it tell whether
    that still means anything.
    """

    def __init__(self, log: Log, topic: str) -> None:
        self._records = SpanReader(log, topic, self._see)
        self._lock = threading.Lock()
        self._wanted: dict[int, int] = {}
        self._claims: dict[bytes, set[tuple[int, int]]] = {}

    def check(self, writer: RunWriter) -> None:
        """Compare the run's claims with what is stored of it; blocks while it reads.

        Raises:
            RunTakenOver: another producer claimed the run before the last event that is stored.
                From then on the writer refuses to go on.
            LogFailed: the log can't be read.
        """
        with writer.outbox.lock:
            span = writer.ledger.unchecked
            if span is None:
                return
            partition, begin, end = span
            self._wanted[partition] = max(self._wanted.get(partition, 0), end)
        with self._lock:
            # As far as all who wait here want, so that the first one reads for the others.
            self._records.cover(partition, begin, self._wanted[partition])
            claims = sorted(self._claims.get(writer.key, ()))
        for offset, epoch in claims:
            if epoch > writer.epoch and offset < end:
                writer.outbox.fence(writer, epoch)
                raise RunTakenOver(writer.run_id, epoch)
        with writer.outbox.lock:
            writer.ledger.checked(end)

    def _see(self, record: Record) -> None:
        if record.value is None or _CLAIM not in record.value:
            return
        event = judge_value(record.value)
        if isinstance(event, Event) and event.type == "run.resumed":
            claims = self._claims.setdefault(event.run_id.encode(), set())
            claims.add((record.offset, event.producer_epoch or 0))
