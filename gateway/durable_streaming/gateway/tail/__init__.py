"""Following the log: threads that read Kafka into the store and hand batches to the loop."""

from durable_streaming.gateway.tail.derived import DerivedSink
from durable_streaming.gateway.tail.events import EventSink
from durable_streaming.gateway.tail.handover import Handover
from durable_streaming.gateway.tail.tail import Tail
from durable_streaming.gateway.tail.watch import Watch

__all__ = ["DerivedSink", "EventSink", "Handover", "Tail", "Watch"]
