"""uvicorn's HTTP protocol, with a way to cut a peer that stopped reading.

ASGI can only wait for such a peer. Like the WebSocket's, the class is internal to uvicorn, whose
version is pinned; `tests/gateway/test_protocol.py` guards what is used here.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION = "durable.abort"


class AbortableHttpProtocol(H11Protocol):
    """Gives each request a function that ends its connection at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = self._with_abort(self.app)

    def abort(self) -> None:
        """Free the socket, whatever the peer does."""
        self.transport.abort()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over with what came in one piece with the handshake.

        uvicorn drops that, and the peer would wait for ever for what it asked.
        """
        behind, _ = self.conn.trailing_data
        super().handle_websocket_upgrade(event)
        if behind:
            cast("asyncio.Protocol", self.transport.get_protocol()).data_received(behind)

    def _with_abort(self, app: ASGI3Application) -> ASGI3Application:
        async def serve(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            extensions: dict[str, Any] = scope.setdefault("extensions", {})  # type: ignore[typeddict-item]
            extensions[EXTENSION] = self.abort
            await app(scope, receive, send)

        return serve
