"""A Faust transport that hands a stream one fetched batch per event; see README.md beside it."""

from .batch import Batch, BatchLimits, split
from .consumer import BatchConsumer
from .fetched import FetchedRecord
from .schema import BatchSchema
from .transport import BatchTransport

__all__ = [
    "Batch",
    "BatchConsumer",
    "BatchLimits",
    "BatchSchema",
    "BatchTransport",
    "FetchedRecord",
    "split",
]
