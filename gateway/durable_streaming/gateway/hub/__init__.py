"""From the tail to the sockets: rings of recent frames, cursors, joined writes, back-pressure."""

from durable_streaming.gateway.hub.connection import Connection
from durable_streaming.gateway.hub.feed import Feed, Final
from durable_streaming.gateway.hub.hub import Hub
from durable_streaming.gateway.hub.limits import Limits
from durable_streaming.gateway.hub.ring import Ring
from durable_streaming.gateway.hub.socket import Socket
from durable_streaming.gateway.hub.subscription import Subscription
from durable_streaming.gateway.hub.watchers import Entry, Watchers

__all__ = [
    "Connection",
    "Entry",
    "Feed",
    "Final",
    "Hub",
    "Limits",
    "Ring",
    "Socket",
    "Subscription",
    "Watchers",
]
