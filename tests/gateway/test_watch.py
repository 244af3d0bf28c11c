"""The run list, live."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from durable_streaming.gateway.frames import text_frame
from durable_streaming.gateway.hub import Connection, Entry, Watchers
from durable_streaming.schemas.frames import SERVER_FRAME
from tests.gateway.builders import TOPICS, Writer, event, head
from tests.gateway.servers import RunningGateway, viewer


async def test_a_watcher_sees_a_run_from_its_first_event_to_its_verdict(
    running: RunningGateway, writer: Writer
) -> None:
    async with viewer(running, "/v1/ws") as one:
        await one.send(type="watch")
        assert await one.frame() == {"type": "watching"}
        writer.run("r", 1)
        first = await one.frame()
        assert (first["type"], first["run_id"], first["agent"]) == ("run", "r", None)
        writer.derive(TOPICS.drafts, "r", head("r", 1))
        assert (await one.frame())["agent"] == "guide"
        writer.settle("r", applied=1)
        last = await one.frame()
        if last["verdict"] is None:
            last = await one.frame()
        assert last.pop("type") == "run"
        assert running.get("/v1/runs").json()["runs"] == [last]
        SERVER_FRAME.validate_python({"type": "run", **last})


async def test_a_run_is_told_at_most_twice_a_second(
    running: RunningGateway, writer: Writer
) -> None:
    async with viewer(running, "/v1/ws") as one:
        await one.send(type="watch")
        await one.frame()
        began = time.monotonic()
        writer.run("r", 1)
        offset = 1
        told: list[float] = []
        tokens: list[str] = []
        while time.monotonic() - began < 1.6:
            writer.append("r", event("r", offset + 1))
            offset += 1
            writer.derive(TOPICS.drafts, "r", head("r", offset))
            try:
                tokens.append((await one.frame(0.05))["token"])
                told.append(time.monotonic())
            except TimeoutError:
                pass
        last = tokens[-1]
        while not last.endswith(f".{offset + 1}"):
            last = (await one.frame())["token"]
    assert 2 <= len(told) <= 4
    assert all(later - earlier > 0.4 for earlier, later in pairwise(told))


async def test_filters(running: RunningGateway, writer: Writer) -> None:
    async with viewer(running, "/v1/ws") as all_, viewer(running, "/v1/ws") as ended:
        await all_.send(type="watch", agent="guide")
        await ended.send(type="watch", status="completed", verdict="diverged")
        for one in (all_, ended):
            await one.frame()
        for name in ("a", "b"):
            writer.run(name, 1)
            writer.derive(TOPICS.drafts, name, head(name, 1))
        writer.settle("a", applied=1, verdict="reconciled")
        writer.settle("b", applied=1, verdict="diverged")
        found = await ended.frame()
        assert (found["run_id"], found["verdict"]) == ("b", "diverged")
        assert (await all_.frame())["agent"] == "guide"
        # Again: replaces.
        await ended.send(type="watch", agent="nobody")
        assert (await ended.frame())["type"] == "watching"
        await ended.send(type="unwatch")
        assert await ended.frame() == {"type": "unwatched"}
        writer.run("c", 1)
        with pytest.raises(TimeoutError):
            await ended.frame(0.3)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"status": "over"}, "bad-request"),
        ({"verdict": "good"}, "bad-request"),
        ({"agent": 5}, "bad-frame"),
        ({"status": ["running"]}, "bad-frame"),
    ],
)
async def test_a_watch_that_is_refused(
    shared: RunningGateway, frame: dict[str, object], code: str
) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.send(type="watch", **frame)
        assert (await one.frame())["code"] == code


async def test_a_socket_for_one_run_does_not_watch(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/runs/r/ws") as one:
        await one.until("caught_up")
        await one.send(type="watch")
        assert (await one.frame())["code"] == "bad-request"
        assert await one.close_code() == 4400


class SlowSocket:
    writer = None

    def __init__(self) -> None:
        self.congested = True
        self.buffered_bytes = 0
        self.written: list[bytes] = []
        self.closed: int | None = None

    def write(self, frames: bytes) -> None:
        self.written.append(frames)

    def close(self, code: int, reason: str = "") -> None:
        self.closed = code


def slow_watcher() -> tuple[Watchers, Connection, SlowSocket]:
    socket = SlowSocket()
    clock = asyncio.get_running_loop().time
    connection = Connection(socket, clock, lambda _: None, lambda _: None)

    def read(run_id: str) -> Entry:
        return Entry(run_id, "running", None, None, {}, text_frame(run_id.encode()))

    watchers = Watchers(read)
    watchers.add(connection, lambda _: True)
    return watchers, connection, socket


async def test_a_congested_watcher_is_told_later_and_once() -> None:
    watchers, connection, socket = slow_watcher()
    watchers.note(["a", "b"])
    await asyncio.sleep(0.6)
    watchers.note(["a"])
    await asyncio.sleep(0.05)
    assert socket.written == []
    socket.congested = False
    watchers.resume(connection)
    assert socket.written == [text_frame(b"a"), text_frame(b"b")]


async def test_a_watcher_that_misses_too_much_is_cut() -> None:
    watchers, connection, socket = slow_watcher()
    watchers.note(f"run-{number}" for number in range(10_001))
    while connection.closing is False:
        await asyncio.sleep(0.01)
    assert socket.closed == 4408
