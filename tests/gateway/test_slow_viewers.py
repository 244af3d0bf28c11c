"""Viewers that read slowly or not at all: bounded memory, no one else's time, and a sure end."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import time
from pathlib import Path

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.hub import Limits
from tests.gateway.builders import Writer, event
from tests.gateway.servers import RunningGateway, gateway, offsets, viewer, wait_until


def stalled(running: RunningGateway, path: str) -> socket.socket:
    """Open a WebSocket and never read from it."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    peer.connect(("127.0.0.1", running.port))
    key = base64.b64encode(os.urandom(16)).decode()
    peer.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return peer


def sockets(running: RunningGateway) -> int:
    return int(running.engine.metrics.sockets._value.get())


async def test_a_stalled_viewer_is_cut_and_others_are_not_held_up(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 1)
    with (
        gateway(tmp_path, log, limits=Limits(send_deadline=1)) as running,
        stalled(running, "/v1/runs/r/ws"),
    ):
        async with viewer(running, "/v1/runs/r/ws") as normal:
            await normal.until("caught_up")
            assert sockets(running) == 2
            big = event("r", 2, "text.delta", text="x" * 100_000)
            await asyncio.to_thread(writer.append, "r", *[big] * 20)
            delivered = [await normal.frame() for _ in range(20)]
            assert offsets(delivered) == list(range(2, 22))
            connections = running.engine.current.hub.ladder.connections
            # The socket's buffer, not the run, bounds what a stalled viewer costs.
            assert max(c.socket.buffered_bytes for c in connections) < 1024 * 1024
            await asyncio.to_thread(wait_until, lambda: sockets(running) == 1)
            assert running.engine.metrics.closes.labels(code="4408")._value.get() == 1
            await asyncio.to_thread(writer.append, "r", event("r", 3))
            assert (await normal.frame())["offset"] == 22


async def test_a_slow_viewer_is_told_and_misses_nothing(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 1)
    limits = Limits(send_deadline=30, lag_seconds=0.2, ring_bytes=200_000)
    with gateway(tmp_path, log, limits=limits) as running:
        # The client's queue is short, so that not reading from it stops the socket soon.
        async with viewer(running, "/v1/runs/r/ws", max_queue=1) as slow:
            await slow.until("caught_up")
            values = [event("r", n, text="x" * 20_000) for n in range(2, 300)]
            await asyncio.to_thread(writer.append, "r", *values)
            await asyncio.sleep(2.5)
            seen = await slow.until("caught_up")
        assert offsets(seen) == list(range(2, 300))
        lagging = [frame for frame in seen if frame["type"] == "lagging"]
        assert len(lagging) == 1
        assert 0 < lagging[0]["events"] < 298


async def test_a_quiet_socket_gets_heartbeats(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    with gateway(tmp_path, log, limits=Limits(heartbeat=1)) as running:
        async with viewer(running, "/v1/ws") as one:
            began = time.monotonic()
            beat = await one.frame()
            assert (beat["type"], beat["time"][-1]) == ("heartbeat", "Z")
            assert time.monotonic() - began < 3


def test_a_stop_is_bounded_though_a_viewer_never_reads(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 1)
    writer.append("r", *[event("r", 2, text="x" * 100_000)] * 20)
    with gateway(tmp_path, log) as running:
        peer = stalled(running, "/v1/runs/r/ws")
        wait_until(lambda: sockets(running) == 1)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    peer.close()


async def test_events_of_one_run_within_the_flush_interval_share_a_write(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log, limits=Limits(flush_interval=0.2)) as running:
        async with viewer(running, "/v1/runs/r/ws") as one:
            await one.until("caught_up")
            before = running.engine.metrics.tally.writes
            for number in range(2, 22):
                writer.append("r", event("r", number))
                await asyncio.sleep(0.002)
            assert offsets([await one.frame() for _ in range(20)]) == list(range(2, 22))
            assert running.engine.metrics.tally.writes - before <= 4


@pytest.mark.parametrize("kind", ["tool.called", "step.started", "run.waiting"])
async def test_what_people_wait_for_is_not_held_back(
    log: MemoryLog, writer: Writer, tmp_path: Path, kind: str
) -> None:
    data: dict[str, dict[str, object]] = {
        "tool.called": {"call_id": "c", "name": "n", "arguments": None},
        "step.started": {"step_id": "s"},
        "run.waiting": {"for": "input"},
    }
    writer.run("r", 1)
    with gateway(tmp_path, log, limits=Limits(flush_interval=30)) as running:
        async with viewer(running, "/v1/runs/r/ws") as one:
            await one.until("caught_up")
            writer.append("r", event("r", 2))
            await one.frame()
            writer.append("r", event("r", 3), event("r", 4, kind, **data[kind]))
            assert offsets([await one.frame(2), await one.frame(2)]) == [3, 4]
