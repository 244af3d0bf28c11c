"""uvicorn's WebSocket protocol, with a way past ASGI once the handshake is done.

ASGI can neither share one frame among viewers nor abort a peer that stopped reading, and its task
costs more memory than the viewer itself. So an endpoint accepts as usual, takes the socket over
with `adopt` and returns. uvicorn's class is internal: its version is pinned, and
`tests/gateway/test_protocol.py` guards what is used here.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any, cast

from uvicorn._types import WebSocketScope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame
from websockets.http11 import Request

from durable_streaming.gateway.hub.socket import Receiver

_log = logging.getLogger(__name__)

EXTENSION = "durable.socket"

_HIGH_MARK_BYTES = 64 * 1024
_LOW_MARK_BYTES = 16 * 1024
# A peer that does not answer a close frame, or does not read it, is cut after so long.
_CLOSE_TIMEOUT_S = 1.0
_BAD_TEXT = 1007
_RESTARTING = 1012


class GatewayProtocol(WebSocketsSansIOProtocol):
    """A WebSocket whose owner may write ready frames to it; see `hub.Socket`."""

    receiver: Receiver | None = None
    writer: Callable[[bytes], object] | None = None
    abort_timer: asyncio.TimerHandle | None = None
    congested: bool = False
    early: bytes = b""

    def connection_made(self, transport: BaseTransport) -> None:
        """Take the transport over from the HTTP protocol."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=_HIGH_MARK_BYTES, low=_LOW_MARK_BYTES)

    def data_received(self, data: bytes) -> None:
        """Read, but nothing before there is somebody to take it.

        A frame, good or bad, that comes on the heels of the handshake would meet a connection
        that is not open yet.
        """
        if self.receiver is not None or not self.handshake_initiated:
            super().data_received(data)
            return
        self.early += data
        self.hold_reading(True)

    def handle_connect(self, event: Request) -> None:
        """Start the endpoint, with this socket in reach."""
        super().handle_connect(event)
        scope = cast("WebSocketScope | None", getattr(self, "scope", None))
        if scope is not None:
            cast("dict[str, Any]", scope["extensions"])[EXTENSION] = self

    def adopt(self, receiver: Receiver) -> None:
        """Take the accepted socket over: from now on `receiver` gets what the peer sends."""
        self.receiver = receiver
        if self.disconnected:
            receiver.on_disconnect()
            return
        self.open_writer()
        while not self.queue.empty():
            message = self.queue.get_nowait()
            if message["type"] == "websocket.receive":
                text = message.get("text")
                receiver.on_bytes() if text is None else receiver.on_text(text)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        early, self.early = self.early, b""
        if early:
            self.data_received(early)

    async def run(self) -> None:
        """Do nothing: the endpoint may return, the socket lives on without its task."""

    async def run_asgi(self) -> None:
        """Run the endpoint; one that handed the socket over does not end it by returning."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except Exception:
            _log.exception("websocket endpoint failed")
            self.send_500_response()
            self.transport.close()
            return
        if self.receiver is None:
            self.transport.close()
            return
        # Headers and scope of the handshake: kilobytes that an idle viewer needs no more.
        del self.scope, self.request, self.response

    def open_writer(self) -> None:
        """Let frames go straight to the transport, where nothing speaks against it."""
        if not (self.congested or self.close_sent or self.transport.is_closing()):
            self.writer = self.transport.write

    @property
    def buffered_bytes(self) -> int:
        """Bytes written that the kernel has not taken."""
        return self.transport.get_write_buffer_size()

    def write(self, frames: bytes) -> None:
        """Add whole frames to the stream."""
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.write(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the socket is free soon after, whatever the peer does."""
        self.writer = None
        if self.close_sent or self.transport.is_closing():
            return
        self.close_sent = True
        try:
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
        except InvalidState:
            pass
        self._abort_soon()

    def hold_reading(self, hold: bool) -> None:
        """Stop taking messages from the peer, or go on."""
        if hold != self.read_paused and not self.transport.is_closing():
            self.read_paused = hold
            self.transport.pause_reading() if hold else self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on."""
        if self.receiver is None:
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self.receiver.on_bytes()
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            # Without the traceback that uvicorn logs: whoever sends rubbish must not fill disks.
            self.close(_BAD_TEXT)
            return
        self.receiver.on_text(text)

    def pause_writing(self) -> None:
        """Note that the buffer is above its high mark."""
        super().pause_writing()
        self.congested, self.writer = True, None

    def resume_writing(self) -> None:
        """Note that the buffer has drained."""
        super().resume_writing()
        self.congested = False
        if self.receiver is not None:
            self.open_writer()
            self.receiver.on_drained()

    def handle_close(self, event: Frame) -> None:
        """Answer the peer's close frame; one that does not read the answer is cut."""
        self.writer = None
        super().handle_close(event)
        # uvicorn leaves that to its own close timer where our close frame came first.
        self.transport.close()
        self._abort_soon()

    def handle_parser_exception(self) -> None:
        """Close after a violation of the protocol."""
        self.writer = None
        super().handle_parser_exception()
        self._abort_soon()

    def shutdown(self) -> None:
        """End with the server."""
        if self.receiver is None:
            super().shutdown()
        else:
            self.close(_RESTARTING)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner that the socket is gone."""
        self.writer = None
        super().connection_lost(exc)
        if self.abort_timer is not None:
            self.abort_timer.cancel()
            self.abort_timer = None
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.on_disconnect()

    def _abort_soon(self) -> None:
        # transport.close() waits for a buffer that a stalled peer never drains.
        if self.abort_timer is None:
            self.abort_timer = self.loop.call_later(_CLOSE_TIMEOUT_S, self.transport.abort)
