"""A fetched record, made cheaply.

For each record aiokafka fills a dataclass of eleven fields, most of which say nothing here; that,
and the copy it took, was an eighth of a worker's time while it catches up. There is no hook for it
below its consumer, so `make_fetched_records` replaces the one method that does it, for the process.
tests/processors/transport/test_private_members.py guards it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from aiokafka.consumer.fetcher import PartitionRecords


class FetchedRecord(msgspec.Struct, gc=False):
    """One record as it was fetched; `timestamp_ms` is the broker's where the topic says so."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Sequence[tuple[str, bytes]]


def make_fetched_records() -> None:
    """Let aiokafka's consumers in this process give `FetchedRecord`s."""
    PartitionRecords._consumer_record = _fetched


def _fetched(_: PartitionRecords, place: Any, record: Any) -> FetchedRecord:
    return FetchedRecord(
        place.topic,
        place.partition,
        record.offset,
        record.key,
        record.value,
        record.timestamp,
        record.headers,
    )
