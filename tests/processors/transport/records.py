"""Records as aiokafka gives them."""

from aiokafka import ConsumerRecord


def record(partition: int, offset: int, value: bytes = b"x") -> ConsumerRecord[bytes, bytes]:
    """A record with what the transport looks at."""
    return ConsumerRecord(
        topic="source",
        partition=partition,
        offset=offset,
        timestamp=1_700_000_000_000 + offset,
        timestamp_type=1,
        key=b"key",
        value=value,
        checksum=None,
        serialized_key_size=3,
        serialized_value_size=len(value),
        headers=(),
    )
