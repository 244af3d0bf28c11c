"""A hub's socket whose other end reads server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Send

from durable_streaming.gateway.frames import payloads
from durable_streaming.gateway.sse.text import sse_text

_HIGH_MARK_BYTES = 64 * 1024
# A peer that does not read the end of its stream is cut after so long.
_CLOSE_TIMEOUT_S = 1.0


class SseSocket:
    """A `hub.Socket` that sends a response's body."""

    def __init__(self, on_drained: Callable[[], None], abort: Callable[[], None] | None) -> None:
        """Begin empty.

        Args:
            on_drained: called when what waits fell below the high mark.
            abort: ends the connection at once; None where the server has no way to.
        """
        self._on_drained = on_drained
        self._abort = abort
        self._abort_timer: asyncio.TimerHandle | None = None
        self._waiting: list[bytes] = []
        self._awake = asyncio.Event()
        self._over = False
        self.buffered_bytes = 0

    @property
    def writer(self) -> Callable[[bytes], object] | None:
        """What takes whole frames right now."""
        return None if self._over or self.congested else self.write

    @property
    def congested(self) -> bool:
        """Whether more waits than should."""
        return self.buffered_bytes > _HIGH_MARK_BYTES

    def write(self, frames: bytes) -> None:
        """Add whole frames to the stream."""
        self.write_text(b"".join(map(sse_text, payloads(frames))))

    def write_text(self, text: bytes) -> None:
        """Add what is server-sent events already."""
        if not self._over:
            self.buffered_bytes += len(text)
            self._waiting.append(text)
            self._awake.set()

    def close(self, code: int, reason: str = "") -> None:
        """End the stream once what waits is sent; there is no code to send here."""
        if self._over:
            return
        self._over = True
        self._awake.set()
        if self._abort is not None:
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(_CLOSE_TIMEOUT_S, self._abort)

    async def send_body(self, send: Send) -> None:
        """Send until the stream is over."""
        try:
            while not (self._over and not self._waiting):
                await self._awake.wait()
                self._awake.clear()
                await self._send_waiting(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if self._abort_timer is not None:
                self._abort_timer.cancel()

    async def _send_waiting(self, send: Send) -> None:
        while self._waiting:
            text = b"".join(self._waiting)
            self._waiting.clear()
            await send({"type": "http.response.body", "body": text, "more_body": True})
            was_congested = self.congested
            self.buffered_bytes -= len(text)
            if was_congested and not self.congested:
                self._on_drained()
