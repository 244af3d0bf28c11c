"""The floor: Kafka to shared frames, joined every 25 ms. No store, no positions, no limits.

What is missed stays missed; a viewer that stops reading fills this process's memory.
"""

import asyncio
import hashlib
import re
import sys
import threading
from base64 import b64encode
from collections import defaultdict
from typing import ClassVar, cast

import uvloop

from .tailing import follow

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_JOIN_S = 0.025


class Viewer(asyncio.Protocol):
    """One socket: an upgrade, then nothing that it says is listened to."""

    viewers: ClassVar[dict[str, set[asyncio.WriteTransport]]] = defaultdict(set)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport, self.run_id = cast("asyncio.WriteTransport", transport), ""

    def data_received(self, data: bytes) -> None:
        """Answer the handshake."""
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", data)
        if key is None:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif not self.run_id:
            accept = b64encode(hashlib.sha1(key[1] + _GUID).digest())
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            self.run_id = data.split(b" ")[1].decode().rpartition("/")[2]
            self.viewers[self.run_id].add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        self.viewers[self.run_id].discard(self.transport)


async def main(port: int, bootstrap: str, topic: str) -> None:
    """Serve until killed."""
    loop, waiting = asyncio.get_running_loop(), defaultdict[str, list[bytes]](list)

    def take(batch: list[tuple[str, bytes]]) -> None:
        for run_id, value in batch:
            waiting[run_id].append(b"\x81\x7e" + len(value).to_bytes(2, "big") + value)

    ready = threading.Event()
    arguments = (bootstrap, topic, lambda batch: loop.call_soon_threadsafe(take, batch), ready)
    threading.Thread(target=follow, args=arguments, daemon=True).start()
    await asyncio.to_thread(ready.wait)
    await loop.create_server(Viewer, "127.0.0.1", port, backlog=4_096)
    while True:
        await asyncio.sleep(_JOIN_S)
        for run_id, frames in waiting.items():
            joined = b"".join(frames)
            for transport in Viewer.viewers[run_id]:
                transport.write(joined)
        waiting.clear()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
