"""How the log is reached: settings, reader, writers, admin, and the translation of errors."""

from durable_streaming.eventlog.admin import LogAdmin
from durable_streaming.eventlog.clock import Clock, SystemClock, rfc3339
from durable_streaming.eventlog.errors import (
    BufferFull,
    EventLogError,
    Fenced,
    LogRefused,
    LogUnavailable,
    OffsetOutOfRange,
    RecordTooLarge,
    TopicMismatch,
    TopicMissing,
    TransactionAborted,
)
from durable_streaming.eventlog.group import GroupReader
from durable_streaming.eventlog.kafka import KafkaLog
from durable_streaming.eventlog.memory import MemoryLog
from durable_streaming.eventlog.reader import LogReader
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.transactions import KafkaTransactionalWriter
from durable_streaming.eventlog.types import (
    Admin,
    Failed,
    Headers,
    KeyValue,
    Log,
    Outcome,
    Place,
    Reader,
    Record,
    Stored,
    TopicInfo,
    TransactionalWriter,
    Unknown,
    Writer,
)
from durable_streaming.eventlog.writer import LogWriter

__all__ = [
    "Admin",
    "BufferFull",
    "Clock",
    "EventLogError",
    "Failed",
    "Fenced",
    "GroupReader",
    "Headers",
    "KafkaLog",
    "KafkaSettings",
    "KafkaTransactionalWriter",
    "KeyValue",
    "Log",
    "LogAdmin",
    "LogReader",
    "LogRefused",
    "LogUnavailable",
    "LogWriter",
    "MemoryLog",
    "OffsetOutOfRange",
    "Outcome",
    "Place",
    "Reader",
    "Record",
    "RecordTooLarge",
    "Stored",
    "SystemClock",
    "TopicInfo",
    "TopicMismatch",
    "TopicMissing",
    "TransactionAborted",
    "TransactionalWriter",
    "Unknown",
    "Writer",
    "rfc3339",
]
