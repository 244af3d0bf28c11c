"""How often somebody may ask, and how a stop sends viewers away."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.ratelimit import Bucket, RateLimiter
from tests.gateway.builders import Writer, event
from tests.gateway.servers import RunningGateway, Viewer, gateway, viewer
from tests.gateway.test_auth import SETTINGS, bearer


def test_a_bucket_saves_up_ten_seconds() -> None:
    bucket = Bucket(2.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(21)] == [True] * 20 + [False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(1e6) for _ in range(21)] == [True] * 20 + [False]


def test_no_rate_is_no_limit() -> None:
    bucket = Bucket(0.0, now=0.0)
    assert all(bucket.take(0.0) for _ in range(1_000))


def test_everybody_has_a_bucket_and_they_are_bounded() -> None:
    limiter = RateLimiter(0.1, lambda: 0.0)
    assert [limiter.allows("a"), limiter.allows("a"), limiter.allows("b")] == [True, False, True]
    for number in range(20_000):
        limiter.allows(f"somebody-{number}")
    assert len(limiter._buckets) == 10_000


async def test_too_many_requests(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log, requests_per_second=0.5) as running:
        answers = [running.get("/v1/runs") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[-1].json()["type"].endswith(":slow-down")
        assert answers[-1].headers["retry-after"] == "1"
        # Before everything else that could be refused.
        headers = {"Host": "evil.example"}
        assert running.http.get("/v1/runs?limit=x", headers=headers).status_code == 429
        with pytest.raises(InvalidStatus) as refused:
            async with viewer(running, "/v1/ws"):
                pass
        assert refused.value.response.status_code == 429
        # Whoever looks after the process is not counted.
        assert running.get("/readyz").status_code == 200


def test_principals_are_counted_apart(log: MemoryLog, tmp_path: Path) -> None:
    with gateway(tmp_path, log, requests_per_second=0.1, **SETTINGS) as running:

        def ask(sub: str) -> int:
            return running.http.get("/v1/runs", headers=bearer(sub=sub)).status_code

        assert [ask("ada"), ask("ada"), ask("bob")] == [200, 429, 200]
        # Nobody known: by address.
        assert [running.get("/v1/runs").status_code for _ in range(2)] == [401, 429]


async def test_too_many_frames(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log, frames_per_second=0.2) as running:
        async with viewer(running, "/v1/ws") as one:
            for _ in range(3):
                await one.send(type="unsubscribe", run_id="r")
            found = [await one.frame() for _ in range(3)]
            assert [frame["type"] for frame in found] == ["unsubscribed"] * 2 + ["error"]
            assert found[-1]["code"] == "slow-down"
        async with viewer(running, "/v1/runs/r/ws") as one:
            await one.until("caught_up")
            for _ in range(3):
                await one.send(type="unsubscribe", run_id="r")
            assert await one.close_code() == 4429


async def opened(running: RunningGateway, count: int) -> list[Viewer]:
    found = [Viewer(await running.open("/v1/runs/r/ws")) for _ in range(count)]
    for one in found:
        await one.until("caught_up")
    return found


async def ended_at(one: Viewer) -> tuple[float, list[int]]:
    """When it was closed, and what came before."""
    seen: list[int] = []
    try:
        while True:
            frame = await one.frame()
            seen.append(frame["offset"])
    except ConnectionClosed:
        pass
    assert one.socket.close_code == 1012
    return time.monotonic(), seen


async def test_a_stop_is_spread_and_brings_what_is_ready(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log, drain_window_seconds=1.0) as running:
        viewers = await opened(running, 60)
        ends = asyncio.gather(*(ended_at(one) for one in viewers))
        await asyncio.sleep(0)
        writer.append("r", *(event("r", n) for n in range(2, 5)))
        await asyncio.sleep(0.2)
        stop(running)
        await asyncio.sleep(0.25)
        # Half of them are still there, yet nobody new is sent here.
        assert running.get("/readyz").status_code == 503
        assert running.get("/v1/runs/r").status_code == 200
        with pytest.raises(InvalidStatus) as refused:
            await running.open("/v1/ws")
        assert refused.value.response.status_code == 503
        found = await ends
    times = sorted(at for at, _ in found)
    assert 0.4 < times[-1] - times[0] < 2.0
    assert all(seen == [2, 3, 4] for _, seen in found)


async def test_a_few_are_not_waited_for(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log, drain_window_seconds=30.0) as running:
        viewers = await opened(running, 3)
        began = time.monotonic()
        stop(running)
        ends = [await ended_at(one) for one in viewers]
    assert ends[-1][0] - began < 2.0


async def test_a_second_signal_ends_at_once(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log, drain_window_seconds=30.0) as running:
        viewers = await opened(running, 30)
        # One step of five every 50 ms: 0.3 s, unless it is cut short.
        stop(running)
        await asyncio.sleep(0.15)
        began = time.monotonic()
        stop(running)
        await asyncio.to_thread(running.thread.join, 5)
        assert time.monotonic() - began < 1.5
        for one in viewers:
            assert await one.close_code() in (1012, 1006)


def stop(running: RunningGateway) -> None:
    """What SIGTERM does."""
    running.server.handle_exit(signal.SIGTERM, None)
