"""The WebSocket face: frames of the subprotocol `durable.v1` over sockets of our own."""

from durable_streaming.gateway.websocket.protocol import GatewayProtocol
from durable_streaming.gateway.websocket.routes import router

__all__ = ["GatewayProtocol", "router"]
