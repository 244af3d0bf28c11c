"""Joining, evicting and falling back never change what a viewer gets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.frames import payloads, text_frame
from durable_streaming.gateway.hub import Limits
from tests.gateway.builders import Writer, event
from tests.gateway.servers import gateway, offsets, viewer, wait_until


async def test_viewers_of_evicted_runs_miss_nothing(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    """Far less memory than the runs need: rings come and go, cursors do not care."""
    limits = Limits(ring_bytes=1_500, rings_bytes=6_000, flush_interval=0.005)
    runs = [f"run-{number}" for number in range(8)]
    for run in runs:
        writer.run(run, 3)
    with gateway(tmp_path, log, limits=limits) as running:

        async def follow(run: str) -> list[int]:
            async with viewer(running, f"/v1/runs/{run}/ws") as one:
                seen = await one.until("caught_up")
                while len(offsets(seen)) < 104:
                    seen.append(await one.frame())
            return [frame["event"]["seq"] for frame in seen if frame["type"] == "event"]

        async def produce() -> None:
            for seq in range(4, 104):
                for run in runs:
                    writer.append(run, event(run, seq))
                await asyncio.sleep(0.001)

        *found, _ = await asyncio.gather(*map(follow, runs), produce())
        assert running.engine.metrics.tally.from_store > 0
        assert running.engine.current.hub._rings_size < 20_000
    assert found == [list(range(104))] * len(runs)


async def test_many_viewers_of_one_run_share_what_is_read(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    limits = Limits(ring_bytes=1_000, chunk_bytes=4_000)
    with gateway(tmp_path, log, limits=limits) as running:
        writer.run("r", 400)
        wait_until(lambda: running.engine.metrics.stored_events._value.get() == 401)

        async def replay() -> list[int]:
            async with viewer(running, "/v1/runs/r/ws") as one:
                return offsets(await one.until("caught_up"))

        found = await asyncio.gather(*(replay() for _ in range(10)))
        tally = running.engine.metrics.tally
        assert tally.from_cache > 4 * tally.from_store
        metrics = running.get("/metrics").text
        assert f'replay_chunks_total{{tier="cache"}} {tally.from_cache}.0' in metrics
    assert found == [list(range(401))] * 10


async def test_a_server_without_our_protocol_class_serves_the_same_frames(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 3)
    with gateway(tmp_path, log, plain_asgi=True) as running:
        async with viewer(running, "/v1/runs/r/ws") as one:
            assert offsets(await one.until("caught_up")) == [0, 1, 2, 3]
            big = event("r", 4, text="x" * 70_000)
            writer.append("r", *[big] * 10)
            assert offsets([await one.frame() for _ in range(10)]) == list(range(4, 14))
            writer.settle("r", applied=13)
            assert (await one.frame())["type"] == "closed"
            assert await one.close_code() == 1000
        async with viewer(running, "/v1/ws") as two:
            await two.send(type="subscribe", run_id="r", **{"from": "now"})
            assert (await two.until("closed"))[0]["outcome"] == "up_to_date"
            await two.send(type="shout")
            assert (await two.frame())["code"] == "bad-frame"
            assert await two.close_code() == 4400
        wait_until(lambda: running.engine.metrics.sockets._value.get() == 0)


@given(st.lists(st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]), max_size=4))
def test_joined_frames_come_apart_again(sizes: list[int]) -> None:
    texts = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    assert list(payloads(b"".join(map(text_frame, texts)))) == texts
