"""The third face of a subscription: server-sent events, over the hub's own cursor."""

from durable_streaming.gateway.sse.protocol import AbortableHttpProtocol
from durable_streaming.gateway.sse.stream import EventStream

__all__ = ["AbortableHttpProtocol", "EventStream"]
