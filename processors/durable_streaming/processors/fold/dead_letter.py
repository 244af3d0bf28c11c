"""The dead letter of a record that is no valid event."""

from hashlib import sha256
from typing import Final

from durable_streaming.processors.fold.ports import Derived, LogRecord
from durable_streaming.schemas import MAX_RECORD_BYTES, BadRecord

KEPT_BYTES: Final = 1_000
"""What is kept of a key above this length, and of a value above 1 MiB."""


def dead_letter(record: LogRecord, partition: int, bad: BadRecord) -> Derived:
    """Write the dead letter; the record's own headers are dropped."""
    headers = [
        ("topic", record.topic.encode()),
        ("partition", b"%d" % partition),
        ("offset", b"%d" % record.offset),
        ("reason", bad.reason.encode()),
        ("detail", bad.detail.encode()),
    ]
    key, value = record.key, record.value
    if value is not None and len(value) > MAX_RECORD_BYTES:
        headers += _measures("", value)
        value = value[:KEPT_BYTES]
    if key is not None and len(key) > KEPT_BYTES:
        headers += _measures("key_", key)
        key = key[:KEPT_BYTES]
    return Derived("dead_letters", key, value, headers)


def _measures(prefix: str, whole: bytes) -> list[tuple[str, bytes]]:
    return [
        (f"{prefix}length", b"%d" % len(whole)),
        (f"{prefix}sha256", sha256(whole).hexdigest().encode()),
    ]
