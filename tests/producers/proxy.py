"""A TCP proxy before a Kafka broker that loses answers and connections when a test says so.

It reads whole frames of Kafka's protocol: it must put its own port where the broker tells its
address, and it must know which answer belongs to a Produce request.
"""

import asyncio
import struct
import threading
from collections import deque
from contextlib import suppress
from typing import Self

_PRODUCE = 0


class KafkaProxy:
    def __init__(self, bootstrap: str) -> None:
        host, _, port = bootstrap.partition(",")[0].rpartition(":")
        self._upstream = (host, int(port))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._is_away = False
        self._answers_to_lose = 0
        self.lost = 0
        self.bootstrap = ""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def lose_answer(self) -> None:
        """Lose the next answer to a Produce request, and the connection with it."""
        self._answers_to_lose += 1

    def go_away(self) -> None:
        self._is_away = True
        self._loop.call_soon_threadsafe(self._cut_all)

    def come_back(self) -> None:
        self._is_away = False

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.bootstrap = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        # Twice, for a connection may have been accepted whose task has not begun yet.
        for _ in range(2):
            self._cut_all()
            await asyncio.gather(*self._connections, return_exceptions=True)
            # An aborted transport closes its socket a turn of the loop later.
            await asyncio.sleep(0.05)
        await self._server.wait_closed()

    def _cut_all(self) -> None:
        for task in self._connections:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if not self._is_away:
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # A connection that is cut is what this proxy is for.
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await self._connect()
        kinds: deque[int] = deque()
        both = [
            asyncio.create_task(self._forward(reader, up_writer, kinds)),
            asyncio.create_task(self._answer(up_reader, writer, kinds)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            with suppress(OSError, asyncio.IncompleteReadError):
                await asyncio.gather(*both, return_exceptions=True)
            up_writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A connection that is cut while it is made must still be closed by somebody.
        connecting = asyncio.ensure_future(asyncio.open_connection(*self._upstream))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # Not waited for: a second cancellation would leave it open after all.
            connecting.add_done_callback(_abort)
            raise

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kinds: deque[int]
    ) -> None:
        while True:
            frame = await _frame(reader)
            kinds.append(struct.unpack_from(">h", frame)[0])
            writer.write(struct.pack(">i", len(frame)) + frame)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kinds: deque[int]
    ) -> None:
        while True:
            frame = await _frame(reader)
            if kinds.popleft() == _PRODUCE and self._answers_to_lose:
                self._answers_to_lose -= 1
                self.lost += 1
                return
            frame = self._readdressed(frame)
            writer.write(struct.pack(">i", len(frame)) + frame)
            await writer.drain()

    def _readdressed(self, frame: bytes) -> bytes:
        mine = struct.pack(">i", int(self.bootstrap.rpartition(":")[2]))
        theirs = struct.pack(">i", self._upstream[1])
        for host in (b"127.0.0.1", b"localhost"):
            frame = frame.replace(host + theirs, host + mine)
        return frame


def _abort(connecting: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result()[1].transport.abort()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(length)
