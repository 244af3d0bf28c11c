"""The key layout. Run ids hold neither NUL nor `#`, so a prefix can't run into another run."""

from __future__ import annotations

IDENTITY = b"m"

_MAX_MS = 2**63 - 1


def chunk(run_id: bytes, last_offset: int) -> bytes:
    """Key of some consecutive events: all of a run lie together, in order of offset.

    Named by the last one, so that whatever has an offset or lies after it is found from
    `chunk(run_id, offset)` on.
    """
    return b"e" + run_id + b"\0" + last_offset.to_bytes(8, "big")


def chunks_end(run_id: bytes) -> bytes:
    """First key after a run's events."""
    return b"e" + run_id + b"\1"


def row(run_id: bytes) -> bytes:
    """Key of what the events alone say about a run."""
    return b"r" + run_id


def summary(run_id: bytes) -> bytes:
    """Key of what the derived records say about a run."""
    return b"s" + run_id


def position(topic: str, partition: int) -> bytes:
    """Key of a tail's next offset."""
    return b"p" + topic.encode() + b"\0" + partition.to_bytes(4, "big")


def derived(kind: bytes, key: bytes) -> bytes:
    """Key of a derived record's last value; `kind` is one letter a topic."""
    return b"d" + kind + key


def listing(first_ms: int, run_id: bytes) -> bytes:
    """Key in the run list, which is read from its start: the newest first."""
    return b"t" + (_MAX_MS - first_ms).to_bytes(8, "big") + run_id


def listed_run(listing_key: bytes) -> bytes:
    """Run id in a run list's key."""
    return listing_key[9:]


def after(prefix: bytes) -> bytes:
    """First key after all those with a prefix (whose last byte is below 0xFF)."""
    return prefix[:-1] + bytes((prefix[-1] + 1,))
