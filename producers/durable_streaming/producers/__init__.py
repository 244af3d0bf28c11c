"""What agents import: tell what a run does, and know what is stored.

Light on purpose: the Kafka client and the schemas are imported when a producer opens.
"""

from durable_streaming.producers.cancel_request import CancelRequest
from durable_streaming.producers.capturing import CapturingProducer, SyncCapturingProducer
from durable_streaming.producers.errors import (
    BufferFull,
    EventRefused,
    LogFailed,
    Misuse,
    NotOpen,
    OutcomeUnknown,
    ProducerError,
    PublishingStopped,
    RunBusy,
    RunEnded,
    RunNotFound,
    RunTakenOver,
    StepMisuse,
)
from durable_streaming.producers.options import ProducerOptions
from durable_streaming.producers.producer import AgentProducer
from durable_streaming.producers.run import RunHandle
from durable_streaming.producers.sync import SyncAgentProducer
from durable_streaming.producers.sync_run import SyncRunHandle

__all__ = [
    "AgentProducer",
    "BufferFull",
    "CancelRequest",
    "CapturingProducer",
    "EventRefused",
    "LogFailed",
    "Misuse",
    "NotOpen",
    "OutcomeUnknown",
    "ProducerError",
    "ProducerOptions",
    "PublishingStopped",
    "RunBusy",
    "RunEnded",
    "RunHandle",
    "RunNotFound",
    "RunTakenOver",
    "StepMisuse",
    "SyncAgentProducer",
    "SyncCapturingProducer",
    "SyncRunHandle",
]
