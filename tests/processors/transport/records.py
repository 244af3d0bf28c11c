"""Records as the transport fetches them."""

from durable_streaming.processors.transport import FetchedRecord


def record(partition: int, offset: int, value: bytes | None = b"x") -> FetchedRecord:
    """A record with a key of three bytes."""
    return FetchedRecord(
        topic="source",
        partition=partition,
        offset=offset,
        key=b"key",
        value=value,
        timestamp_ms=1_700_000_000_000 + offset,
        headers=(),
    )
