"""The pure fold: what drafts, packets, verdicts and dead letters a partition's records give."""

from durable_streaming.processors.fold.errors import (
    FoldError,
    StateLostError,
    StateVersionError,
)
from durable_streaming.processors.fold.partition import PartitionFold
from durable_streaming.processors.fold.ports import (
    Derived,
    DerivedStore,
    DerivedTopic,
    LogRecord,
    ReadRecord,
)
from durable_streaming.processors.fold.snapshot import STATE_VERSION
from durable_streaming.processors.fold.store import MemoryStore

__all__ = [
    "STATE_VERSION",
    "Derived",
    "DerivedStore",
    "DerivedTopic",
    "FoldError",
    "LogRecord",
    "MemoryStore",
    "PartitionFold",
    "ReadRecord",
    "StateLostError",
    "StateVersionError",
]
