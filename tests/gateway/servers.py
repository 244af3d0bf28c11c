"""Gateways for tests: real sockets and a real server, in a thread of this process."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from durable_streaming.eventlog import KafkaSettings, Log
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.hub import Limits
from durable_streaming.gateway.server import GatewayServer, listen, make_server
from durable_streaming.gateway.settings import GatewaySettings
from tests.gateway.builders import TOPICS


class RunningGateway:
    """A gateway that serves, and a client for it."""

    def __init__(
        self, engine: Engine, port: int, server: GatewayServer, thread: threading.Thread
    ) -> None:
        self.engine = engine
        self.server = server
        self.thread = thread
        self.port = port
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params or None)

    def wait_ready(self) -> None:
        wait_until(lambda: self.get("/readyz").status_code == 200)

    def open(self, path: str, **options: Any) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            subprotocols=[Subprotocol("durable.v1")],
            compression=None,
            **options,
        )


@contextmanager
def gateway(
    data_dir: Path,
    log: Log,
    *,
    limits: Limits | None = None,
    kafka: KafkaSettings | None = None,
    plain_asgi: bool = False,
    **settings: Any,
) -> Iterator[RunningGateway]:
    """Run a gateway on a free port until the context ends."""
    engine = Engine(
        GatewaySettings(
            kafka=kafka or KafkaSettings(topic_prefix=TOPICS.prefix),
            data_dir=data_dir,
            port=0,
            drain_seconds=2,
            **settings,
        ),
        log,
        limits,
    )
    server = make_server(engine)
    if plain_asgi:
        server.config.ws = "websockets-sansio"
    listener = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    running = RunningGateway(engine, listener.getsockname()[1], server, thread)
    try:
        running.wait_ready()
        yield running
    finally:
        running.http.close()
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the gateway did not stop"


def wait_until(condition: Any, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


class Viewer:
    """A WebSocket client that keeps what it saw."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def frame(self, timeout_s: float = 5.0) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            found: dict[str, Any] = json.loads(await self.socket.recv())
        return found

    async def until(self, kind: str, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """All frames up to and including the first of a type."""
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["type"] != kind:
            seen.append(await self.frame(timeout_s))
        return seen

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def close_code(self, timeout_s: float = 5.0) -> int | None:
        """Read to the end."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self.socket.recv()
        except ConnectionClosed:
            pass
        return self.socket.close_code


@asynccontextmanager
async def viewer(running: RunningGateway, path: str, **options: Any) -> AsyncIterator[Viewer]:
    async with running.open(path, **options) as socket:
        yield Viewer(socket)


def offsets(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["offset"] for frame in frames if frame["type"] == "event"]
