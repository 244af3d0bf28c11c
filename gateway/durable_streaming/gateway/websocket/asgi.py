"""The same socket over plain ASGI, for servers other than our own (and test clients).

Slower in every respect: one message a frame, and a task a viewer for as long as it stays.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from starlette.websockets import WebSocket

from durable_streaming.gateway.frames import payloads
from durable_streaming.gateway.hub.socket import Receiver

_HIGH_MARK_BYTES = 64 * 1024


class AsgiSocket:
    """A `hub.Socket` that sends through ASGI; see `GatewayProtocol` for the other one."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._waiting: deque[bytes] = deque()
        self._awake = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._closing: tuple[int, str] | None = None
        self._receiver: Receiver | None = None
        self.buffered_bytes = 0

    @property
    def writer(self) -> Callable[[bytes], object] | None:
        """What takes whole frames right now."""
        return self.write if self._closing is None and not self.congested else None

    @property
    def congested(self) -> bool:
        """Whether more waits than should."""
        return self.buffered_bytes > _HIGH_MARK_BYTES

    def write(self, frames: bytes) -> None:
        """Add whole frames to the stream."""
        if self._closing is None:
            self.buffered_bytes += len(frames)
            self._waiting.append(frames)
            self._awake.set()

    def close(self, code: int, reason: str = "") -> None:
        """Close once what waits is sent; a peer that does not take it is the server's to cut."""
        self._closing = self._closing or (code, reason)
        self._awake.set()

    def hold_reading(self, hold: bool) -> None:
        """Stop taking messages from the peer, or go on."""
        self._reading.clear() if hold else self._reading.set()

    def adopt(self, receiver: Receiver) -> None:
        """Name who gets what the peer sends."""
        self._receiver = receiver

    async def run(self) -> None:
        """Send and receive until the socket is gone."""
        sending = asyncio.create_task(self._send())
        receiving = asyncio.create_task(self._receive())
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, receiving):
                task.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            if self._receiver is not None:
                self._receiver.on_disconnect()

    async def _send(self) -> None:
        while True:
            while self._waiting:
                frames = self._waiting.popleft()
                for payload in payloads(frames):
                    await self._websocket.send_text(payload.decode())
                was_congested = self.congested
                self.buffered_bytes -= len(frames)
                if was_congested and not self.congested and self._receiver is not None:
                    self._receiver.on_drained()
            if self._closing is not None:
                await self._websocket.close(*self._closing)
                return
            self._awake.clear()
            await self._awake.wait()

    async def _receive(self) -> None:
        while self._receiver is not None:
            await self._reading.wait()
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            self._receiver.on_bytes() if text is None else self._receiver.on_text(text)
