"""Subscriptions over real sockets, on a log in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from durable_streaming.eventlog import MemoryLog
from tests.gateway.builders import TOPICS, Writer, event, home, started
from tests.gateway.servers import RunningGateway, Viewer, gateway, offsets, viewer, wait_until


async def test_live_events_follow_the_replay_byte_for_byte(
    running: RunningGateway, writer: Writer
) -> None:
    values = [started("r"), *(event("r", n) for n in range(1, 40))]
    writer.append("r", *values[:20])
    async with running.open("/v1/runs/r/ws") as socket:
        assert socket.subprotocol == "durable.v1"
        raw: list[str] = []
        while not raw or json.loads(raw[-1])["type"] != "caught_up":
            raw.append(str(await socket.recv()))
        writer.append("r", *values[20:])
        while len(raw) < 42:
            raw.append(str(await socket.recv()))
    events = [text for text in raw if text.startswith('{"type":"event"')]
    assert [text.partition('"event":')[2][:-1].encode() for text in events] == values
    subscribed, caught_up = json.loads(raw[0]), json.loads(raw[21])
    assert subscribed["outcome"] == "replay"
    assert caught_up["token"] == subscribed["head"]


async def test_a_token_resumes_after_the_frame_it_came_with(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 9)
    async with viewer(running, "/v1/runs/r/ws") as first:
        seen = await first.until("caught_up")
    token = seen[4]["token"]
    async with viewer(running, f"/v1/runs/r/ws?after={token}") as second:
        rest = await second.until("caught_up")
    assert offsets(seen)[4:] == offsets(rest)
    assert rest[0]["token"] == token


@pytest.mark.parametrize(
    ("position", "outcome", "first"),
    [
        ("", "replay", 0),
        ("?from=start", "replay", 0),
        ("?from=now", "up_to_date", None),
        ("?from_offset=3", "replay", 3),
        ("?from_offset=6", "up_to_date", None),
    ],
)
async def test_where_a_subscription_begins(
    shared: RunningGateway, position: str, outcome: str, first: int | None
) -> None:
    async with viewer(shared, f"/v1/runs/r/ws{position}") as one:
        seen = await one.until("caught_up")
    assert seen[0]["outcome"] == outcome
    assert offsets(seen)[:1] == ([] if first is None else [first])
    assert seen[-1]["token"] == seen[0]["head"]


async def test_closed_comes_after_the_verdict_and_ends_the_socket(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 2)
    async with viewer(running, "/v1/runs/r/ws") as one:
        await one.until("caught_up")
        writer.append("r", event("r", 3, "run.completed"))
        assert (await one.frame())["event"]["type"] == "run.completed"
        writer.settle("r", applied=3, verdict="unclaimed")
        closed = await one.frame()
        assert (closed["type"], closed["status"], closed["verdict"]) == (
            "closed",
            "completed",
            "unclaimed",
        )
        assert await one.close_code() == 1000
    async with viewer(running, f"/v1/runs/r/ws?after={closed['token']}") as late:
        types = [frame["type"] for frame in await late.until("closed")]
        assert types == ["subscribed", "caught_up", "closed"]


async def test_closed_waits_for_events_that_the_verdict_already_knows(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 1)
    writer.settle("r", applied=2)
    wait_until(lambda: running.get("/v1/runs/r").json()["status"] == "completed")
    async with viewer(running, "/v1/runs/r/ws") as one:
        await one.until("caught_up")
        writer.append("r", event("r", 2, "run.completed"))
        assert [frame["type"] for frame in await one.until("closed")] == ["event", "closed"]


async def test_many_runs_on_one_socket(running: RunningGateway, writer: Writer) -> None:
    writer.run("a", 3)
    writer.run("b", 3)
    async with viewer(running, "/v1/ws") as one:
        await one.send(type="subscribe", run_id="a")
        await one.until("caught_up")
        await one.send(type="subscribe", run_id="b")
        assert len(offsets(await one.until("caught_up"))) == 4
        await one.send(type="unsubscribe", run_id="a")
        assert (await one.frame()) == {"type": "unsubscribed", "run_id": "a"}
        writer.append("a", event("a", 4))
        writer.append("b", event("b", 4))
        assert (await one.frame())["event"]["run_id"] == "b"


async def test_subscribing_again_replaces(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 5)
    async with viewer(running, "/v1/ws") as one:
        await one.send(type="subscribe", run_id="r")
        await one.until("caught_up")
        await one.send(type="subscribe", run_id="r", from_offset=4)
        assert offsets(await one.until("caught_up")) == [4, 5]
        writer.append("r", event("r", 6))
        assert (await one.frame())["offset"] == 6
        await one.send(type="unsubscribe", run_id="r")
        assert (await one.frame())["type"] == "unsubscribed"


async def test_a_refused_subscription_leaves_the_old_one(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 1)
    async with viewer(running, "/v1/ws") as one:
        await one.send(type="subscribe", run_id="r")
        await one.until("caught_up")
        await one.send(type="subscribe", run_id="r", from_offset=99)
        refused = await one.frame()
        assert (refused["code"], refused["run_id"]) == ("past-the-end", "r")
        writer.append("r", event("r", 2))
        assert (await one.frame())["offset"] == 2


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "subscribe", "run_id": "nobody"}, "no-such-run"),
        ({"type": "subscribe", "run_id": "../etc"}, "bad-request"),
        ({"type": "subscribe", "run_id": "r", "after": "x"}, "bad-request"),
        ({"type": "subscribe", "run_id": "r", "after": "other.0.1"}, "epoch-changed"),
        ({"type": "subscribe", "run_id": "nobody", "after": "other.0.1"}, "epoch-changed"),
        ({"type": "subscribe", "run_id": "r", "from_offset": -1}, "bad-request"),
        ({"type": "subscribe", "run_id": "r", "from_offset": 2**63}, "bad-request"),
        ({"type": "subscribe", "run_id": "r", "from": "later"}, "bad-request"),
        ({"type": "subscribe", "run_id": "r", "from": "now", "from_offset": 1}, "bad-request"),
        ({"type": "unsubscribe", "run_id": ""}, "bad-request"),
    ],
)
async def test_what_is_refused_leaves_the_socket_open(
    shared: RunningGateway, frame: dict[str, object], code: str
) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.send(**frame)
        assert (await one.frame())["code"] == code
        await one.send(type="subscribe", run_id="r")
        assert (await one.frame())["type"] == "subscribed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        '{"type": "shout"}',
        '{"type": 5}',
        "{}",
        '{"type": "subscribe"}',
        '{"type": "subscribe", "run_id": 5}',
        '{"type": "subscribe", "run_id": "r", "from_offset": "5"}',
        '{"type": "subscribe", "run_id": "r", "from_offset": 5.0}',
        '{"type": "subscribe", "run_id": "r", "from_offset": true}',
        '{"type": "subscribe", "run_id": "r", "from": 5}',
        '{"type": "subscribe", "run_id": "r", "from_offset": NaN}',
        "[" * 20_000,
        b"binary",
    ],
    ids=repr,
)
async def test_a_malformed_frame_ends_the_socket(shared: RunningGateway, text: str | bytes) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.socket.send(text)
        assert (await one.frame())["code"] == "bad-frame"
        assert await one.close_code() == 4400


@pytest.mark.parametrize(
    ("path", "code", "close_code"),
    [
        ("/v1/runs/nobody/ws", "no-such-run", 4404),
        ("/v1/runs/..%2Fetc/ws", "bad-request", 4400),
        ("/v1/runs/r/ws?after=x", "bad-request", 4400),
        ("/v1/runs/r/ws?from_offset=1&from=now", "bad-request", 4400),
        ("/v1/runs/r/ws?from_offset=1&from_offset=2", "bad-request", 4400),
        ("/v1/runs/r/ws?from_offset=99", "past-the-end", 4416),
        ("/v1/runs/r/ws?after=other.0.1", "epoch-changed", 4409),
    ],
)
async def test_a_per_run_socket_ends_with_the_refusal(
    shared: RunningGateway, path: str, code: str, close_code: int
) -> None:
    async with viewer(shared, path) as one:
        assert (await one.frame())["code"] == code
        assert await one.close_code() == close_code


async def test_a_frame_above_64_kib_is_refused(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.socket.send("x" * (64 * 1024 + 1))
        assert await one.close_code() == 1009


async def test_text_that_is_no_utf8_ends_the_socket_quietly(
    shared: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.socket.send(b"\xff\xfe", text=True)
        assert await one.close_code() == 1007
    assert caplog.text == ""


async def test_a_fragmented_frame_is_one_frame(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.socket.send(iter(['{"type": "subscribe", ', '"run_id"', ': "r"}']))
        assert (await one.frame())["type"] == "subscribed"


async def test_fragments_count_together(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.socket.send(iter(["x" * 40_000, "x" * 40_000]))
        assert await one.close_code() == 1009


async def test_a_flood_of_frames_is_answered_in_order(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/ws", max_queue=None) as one:
        for number in range(500):
            await one.send(type="unsubscribe", run_id=f"run-{number}")
        for number in range(500):
            assert (await one.frame())["run_id"] == f"run-{number}"


async def test_deflate_is_not_negotiated(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/ws") as one:
        assert one.socket.protocol.extensions == []


async def test_an_unknown_path_is_a_problem(shared: RunningGateway) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with viewer(shared, "/v2/ws"):
            pass
    assert refused.value.response.status_code == 404
    assert refused.value.response.headers["content-type"] == "application/problem+json"


async def test_retention_is_said_as_a_gap(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 9)
    log.admin().delete_before({(TOPICS.events, home("r")): 4})
    with gateway(tmp_path, log) as running:
        async with viewer(running, "/v1/runs/r/ws") as one:
            seen = await one.until("caught_up")
        assert seen[0]["outcome"] == "gap"
        assert seen[0]["token"].endswith(".4")
        assert offsets(seen) == [4, 5, 6, 7, 8, 9]
        async with viewer(running, "/v1/runs/r/ws?from_offset=3") as two:
            refused = await two.frame()
            assert refused["code"] == "offset-expired"
            assert refused["token"] == seen[0]["token"]
            assert await two.close_code() == 4410


async def test_a_stopping_gateway_brings_what_is_ready_and_says_1012(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 3)
    with gateway(tmp_path, log) as running:
        one = await running.open("/v1/runs/r/ws")
    stopped = Viewer(one)
    seen = await stopped.until("caught_up")
    assert [frame["type"] for frame in seen] == ["subscribed", *["event"] * 4, "caught_up"]
    assert await stopped.close_code() == 1012
