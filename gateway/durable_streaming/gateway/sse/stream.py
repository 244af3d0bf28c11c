"""The response that streams a run: a subscription like a WebSocket's, to one run."""

from __future__ import annotations

import asyncio
import random

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from durable_streaming.gateway import frames
from durable_streaming.gateway.auth import Principal, Recheck
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.hub import Connection, Subscription
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.gateway.positions import Located, look_up
from durable_streaming.gateway.sse.protocol import EXTENSION
from durable_streaming.gateway.sse.socket import SseSocket

MEDIA_TYPE = "text/event-stream"

_DONE = 1000
_TRY_LATER = 1013
_EXPIRED = 4410
_UNAUTHENTICATED = 4401
# Each viewer is told another time to wait before it reconnects, so that not all come at once.
_RETRY_MS = (500, 2_000)


class EventStream(Response):
    """Events from a position on, then live, until the run is over or the peer goes."""

    media_type = MEDIA_TYPE

    def __init__(
        self, engine: Engine, log: Incarnation, located: Located, principal: Principal
    ) -> None:
        self._engine = engine
        self._principal = principal
        self._log = log
        self._located = located
        self.status_code = 200
        self.background = None
        # Proxies must pass on each event as it comes.
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    def render(self, content: object) -> bytes:
        """Have no body of its own."""
        return b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        hub = self._log.hub
        socket = SseSocket(
            lambda: hub.resume(connection), scope.get("extensions", {}).get(EXTENSION)
        )
        connection = Connection(socket, asyncio.get_running_loop().time, _on_closed, _on_expired)
        socket.write_text(b"retry: %d\n\n" % random.randint(*_RETRY_MS))
        hub.ladder.add(connection)
        recheck = Recheck(self._engine.authenticator, lambda: _on_lost(connection))
        recheck.watch(self._principal)
        try:
            try:
                self._subscribe(connection)
            except StoreDamagedError as error:
                self._log.fail(error)
                connection.close(_TRY_LATER)
            await _first_of(socket.send_body(send), _gone(receive))
        finally:
            recheck.stop()
            connection.closing = True
            hub.drop(connection)

    def _subscribe(self, connection: Connection) -> None:
        run_id = self._located.run.run_id
        # Read again in this turn of the loop: the tail may have brought events since.
        run = look_up(self._log, run_id)
        if run is None or self._log.failed.done():
            connection.close(_DONE)
            return
        self._engine.metrics.subscriptions_opened.labels(outcome=self._located.outcome).inc()
        subscription = self._log.hub.attach(
            connection, run_id, run.row, run.summary, self._located.cursor
        )
        self._log.hub.delivery.pump(subscription)


def _on_closed(subscription: Subscription) -> None:
    subscription.connection.close(_DONE)


def _on_expired(subscription: Subscription) -> None:
    subscription.connection.close(_EXPIRED)


def _on_lost(connection: Connection) -> None:
    text = "the credential is good no more: come again with a new one"
    connection.write(frames.error("unauthenticated", text))
    connection.close(_UNAUTHENTICATED)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(*parts: object) -> None:
    tasks = [asyncio.ensure_future(part) for part in parts]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
