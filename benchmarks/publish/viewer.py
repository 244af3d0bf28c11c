"""`python -m benchmarks.publish.viewer PORT WARM_UP_S SECONDS`: opens each run that begins.

Prints how long the first delta of each took that was open before it was published.
"""

import asyncio
import json
import sys
import time
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from durable_streaming.schemas import decode


class Viewer:
    """One socket that watches the run list and opens every run."""

    def __init__(self, socket: ClientConnection, warm_from_s: float) -> None:
        self.delays_ms: list[float] = []
        self.late = 0
        self._socket = socket
        self._warm_from_ns = warm_from_s * 1e9
        self._opened_ns: dict[str, int | None] = {}

    async def watch(self) -> None:
        """Take frames until cancelled."""
        # Without processors nobody has folded yet whose runs they are.
        await self._say({"type": "watch", "status": "running"})
        async for message in self._socket:
            now_ns = time.monotonic_ns()
            frame = decode(message)
            match frame["type"]:
                case "run" if frame["run_id"] not in self._opened_ns:
                    self._opened_ns[frame["run_id"]] = None
                    await self._say({"type": "subscribe", "run_id": frame["run_id"]})
                case "caught_up":
                    self._opened_ns[frame["run_id"]] = now_ns
                case "event" if frame["event"]["type"] == "text.delta":
                    self._take(frame["event"], now_ns)
                case "event" if frame["event"]["type"] == "run.completed":
                    # Without processors no verdict closes the subscription.
                    run_id = frame["event"]["run_id"]
                    await self._say({"type": "unsubscribe", "run_id": run_id})
                case "error":
                    raise RuntimeError(str(frame))

    def _take(self, event: dict[str, Any], now_ns: int) -> None:
        first = event["data"]["text"].partition(" ")[0]
        if not first.isdigit() or (sent_ns := int(first)) < self._warm_from_ns:
            return
        opened_ns = self._opened_ns[event["run_id"]]
        if opened_ns is None or opened_ns > sent_ns:
            self.late += 1
        else:
            self.delays_ms.append((now_ns - sent_ns) / 1e6)

    async def _say(self, frame: dict[str, str]) -> None:
        await self._socket.send(json.dumps(frame))


async def main(port: int, warm_up_s: float, seconds: float) -> None:
    """Watch, and print the delays."""
    async with connect(f"ws://127.0.0.1:{port}/v1/ws", compression=None) as socket:
        viewer = Viewer(socket, time.monotonic() + warm_up_s)
        try:
            async with asyncio.timeout(warm_up_s + seconds):
                await viewer.watch()
        except TimeoutError:
            print(json.dumps({"delays_ms": viewer.delays_ms, "late": viewer.late}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
