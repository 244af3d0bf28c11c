"""The gateway: runs over HTTP and WebSocket, live and from any position.

It follows the events topic into a store by run and offset, follows the derived topics beside it,
and moves one cursor a subscription over that store: replay, catch-up and live are one mechanism.
"""

from durable_streaming.gateway.app import create_app
from durable_streaming.gateway.errors import GatewayError, InsecureBindError, PortInUseError
from durable_streaming.gateway.server import serve
from durable_streaming.gateway.settings import GatewaySettings

__all__ = [
    "GatewayError",
    "GatewaySettings",
    "InsecureBindError",
    "PortInUseError",
    "create_app",
    "serve",
]
