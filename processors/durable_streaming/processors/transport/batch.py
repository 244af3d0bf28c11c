"""What one stream event carries, and how a fetch is cut into such batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .fetched import FetchedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much one batch may hold; whichever is reached first closes it."""

    records: int = 2_000
    """Records of one partition before the next partition has its turn."""
    bytes: int = 4_000_000
    """Bytes of keys and values. A single larger record still makes a batch, of its own."""

    def __post_init__(self) -> None:
        if self.records < 1 or self.bytes < 1:
            msg = f"batch limits must be at least 1, got {self.records} records, {self.bytes} bytes"
            raise ValueError(msg)


class Batch:
    """Consecutive records of one partition, in the clothes of one consumer record.

    Faust copies these attributes into its message; `value` is what the stream yields.
    The batch stands at the offset of its last record, so that Faust's own bookkeeping of
    read offsets, which keeps one offset a message, stays right.
    """

    __slots__ = ("offset", "partition", "serialized_value_size", "timestamp", "topic", "value")

    timestamp_type: Final = None
    headers: Final = ()
    key: Final = None
    checksum: Final = None
    serialized_key_size: Final = 0

    def __init__(self, records: Sequence[FetchedRecord], size: int) -> None:
        last = records[-1]
        self.topic = last.topic
        self.partition = last.partition
        self.offset = last.offset
        self.timestamp = last.timestamp_ms
        self.value = records
        self.serialized_value_size = size


def split(records: Sequence[FetchedRecord], limits: BatchLimits) -> Iterator[Batch]:
    """Cut one partition's fetched records, in their order, into batches within the limits.

    Yields:
        Batches that together hold every record once.
    """
    weights = [len(r.value or b"") + len(r.key or b"") for r in records]
    if 0 < len(records) <= limits.records and (size := sum(weights)) <= limits.bytes:
        yield Batch(records, size)
        return
    start = size = 0
    for index, weight in enumerate(weights):
        full = index - start == limits.records or size + weight > limits.bytes
        if full and index > start:
            yield Batch(records[start:index], size)
            start, size = index, 0
        size += weight
    if start < len(records):
        yield Batch(records[start:], size)
