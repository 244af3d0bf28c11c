"""What the gateway keeps on disk: events by run and offset, derived records, the run index.

All of it is a copy of Kafka's: dropped and rebuilt when missing, damaged or of another topic.
"""

from durable_streaming.gateway.store.database import Database
from durable_streaming.gateway.store.derived import DerivedStore
from durable_streaming.gateway.store.events import EventStore
from durable_streaming.gateway.store.held import Incoming
from durable_streaming.gateway.store.identity import Identity, open_database
from durable_streaming.gateway.store.index import RunIndex
from durable_streaming.gateway.store.rows import RunRow, Summary

__all__ = [
    "Database",
    "DerivedStore",
    "EventStore",
    "Identity",
    "Incoming",
    "RunIndex",
    "RunRow",
    "Summary",
    "open_database",
]
