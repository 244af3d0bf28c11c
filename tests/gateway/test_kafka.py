"""The gateway on a real Kafka: seams, kills, retention, recreation, hostile records."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.processors.fold.snapshot import POSITION_KEY, position_record
from tests.gateway.builders import PARTITIONS, Writer, event, home, started
from tests.gateway.processes import GatewayProcess
from tests.gateway.reconnects import (
    Follower,
    Publishing,
    Verdict,
    compare,
    offsets_in_log,
)
from tests.gateway.servers import RunningGateway, gateway, offsets, viewer, wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture
def kafka_log(kafka_settings: KafkaSettings) -> KafkaLog:
    log = KafkaLog(kafka_settings)
    log.admin().ensure_topics(kafka_settings.topics.specs(partitions=PARTITIONS))
    return log


@pytest.fixture
def producer(kafka_log: KafkaLog) -> Iterator[Writer]:
    writer = Writer(kafka_log, kafka_log.settings.topics)
    yield writer
    writer.close()


@pytest.fixture
def served(kafka_log: KafkaLog, tmp_path: Path) -> Iterator[RunningGateway]:
    with gateway(tmp_path, kafka_log, kafka=kafka_log.settings) as running:
        yield running


async def test_live_and_replay_are_one_byte_string(
    served: RunningGateway, producer: Writer
) -> None:
    values = [started("r"), *(event("r", n) for n in range(1, 300))]
    producer.append("r", *values[:100])
    async with served.open("/v1/runs/r/ws") as live:
        seen: list[bytes] = []

        def produce() -> None:
            for value in values[100:]:
                producer.append("r", value)

        produced = asyncio.create_task(asyncio.to_thread(produce))
        while len(seen) < len(values):
            frame = str(await asyncio.wait_for(live.recv(), 10)).encode()
            if frame.startswith(b'{"type":"event"'):
                seen.append(frame.partition(b'"event":')[2][:-1])
        await produced
    assert seen == values
    replayed = await asyncio.to_thread(
        served.http.get, "/v1/runs/r/events", headers={"Accept": "application/x-ndjson"}
    )
    lines = replayed.content.splitlines()
    assert [line.partition(b'"event":')[2][:-1] for line in lines] == values


async def test_the_seam_between_catch_up_and_live(served: RunningGateway, producer: Writer) -> None:
    producer.run("r", 20)
    assert len(served.get("/v1/runs/r/events").json()["events"]) == 21
    stop = threading.Event()

    def produce() -> int:
        seq = 21
        while not stop.is_set():
            producer.append("r", *(event("r", seq + n) for n in range(5)))
            seq += 5
            time.sleep(0.01)
        return seq

    producing = asyncio.create_task(asyncio.to_thread(produce))
    try:
        for number in range(24):
            head = served.engine.current.events.row("r")
            assert head is not None
            first = head.next_offset - number % 4
            async with viewer(served, f"/v1/runs/r/ws?from_offset={first}") as one:
                seen = await one.until("caught_up")
                seen += [await one.frame() for _ in range(5)]
            found = offsets(seen)
            assert found == list(range(first, first + len(found)))
    finally:
        stop.set()
        await producing


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_reconnects_through_kills_miss_and_repeat_nothing(
    kafka_log: KafkaLog, producer: Writer, tmp_path: Path
) -> None:
    """300 reconnects at random moments, the gateway killed in between, another beside it."""
    dice, wanted = random.Random(5), 300
    processes = [
        GatewayProcess(tmp_path / name, kafka_log.settings, free_port()) for name in ("a", "b")
    ]
    for process in processes:
        process.start()
    followers = [
        Follower("r", over_sse, lambda: dice.choice(processes).port, dice)
        for over_sse in (False, True, False, True)
    ]
    ends: list[int] = []

    def is_done(follower: Follower) -> bool:
        return bool(ends) and bool(follower.seen) and follower.seen[-1] >= ends[0]

    with Publishing(producer, ["r"]):
        following = asyncio.gather(*(follower.follow(is_done) for follower in followers))
        for number in range(4):
            await asyncio.sleep(1.5)
            processes[number % 2].kill()
            await asyncio.to_thread(processes[number % 2].start)
        while sum(follower.reconnects for follower in followers) < wanted:
            assert not following.done()
            await asyncio.sleep(0.1)
    logged = offsets_in_log(kafka_log, ["r"], PARTITIONS)
    ends.append(logged["r"][-1])
    await following
    assert compare(followers, logged) == Verdict(len(followers) * len(logged["r"]), 0, 0, 0)
    for process in processes:
        assert process.stop() == 0
        assert "word 1" not in process.log.read_text()


async def test_a_topic_created_anew_is_noticed(
    served: RunningGateway, kafka_log: KafkaLog, producer: Writer
) -> None:
    producer.run("r", 5)
    old = served.get("/v1/runs/r/events").json()["token"]
    admin, topics = kafka_log.admin(), kafka_log.settings.topics
    async with viewer(served, "/v1/runs/r/ws") as one:
        await one.until("caught_up")
        await asyncio.to_thread(admin.delete_topics, [topics.events])
        await asyncio.sleep(0.5)
        await asyncio.to_thread(admin.ensure_topics, topics.specs(partitions=PARTITIONS))
        assert await one.close_code(15) in (4409, 1013)
    await asyncio.to_thread(served.wait_ready)
    writer = Writer(kafka_log, topics)
    writer.run("r", 1)
    writer.close()
    assert served.get("/v1/runs/r").status_code == 200
    refused = served.get("/v1/runs/r/events", after=old)
    assert refused.status_code == 409
    page = served.get("/v1/runs/r/events", after=refused.json()["token"]).json()
    assert [entry["event"]["seq"] for entry in page["events"]] == [0, 1]
    assert page["token"].split(".")[0] != old.split(".")[0]


async def test_retention_in_the_middle_of_a_stream_is_said(
    served: RunningGateway, kafka_log: KafkaLog, producer: Writer
) -> None:
    producer.append("r", started("r"), *[event("r", 1, text="x" * 100_000)] * 100)
    async with viewer(served, "/v1/runs/r/ws", max_queue=1) as slow:
        assert (await slow.frame())["outcome"] == "replay"
        place = (kafka_log.settings.topics.events, home("r"))
        await asyncio.to_thread(kafka_log.admin().delete_before, {place: 95})
        low = served.engine.current.watch.low
        await asyncio.to_thread(wait_until, lambda: low(home("r")) == 95)
        seen = await slow.until("error")
        found = offsets(seen)
        assert found == list(range(len(found)))
        assert len(found) < 95
        assert seen[-1]["code"] == "offset-expired"
        assert seen[-1]["token"].endswith(f".{len(found)}")
        assert await slow.close_code() == 4410
    refused = served.get("/v1/runs/r/events", after=seen[-1]["token"])
    assert refused.status_code == 410


def test_hostile_records_hurt_nobody(served: RunningGateway, producer: Writer) -> None:
    place = home("r")
    producer.append("r", started("r"))
    hostile: list[bytes | None] = [
        None,
        b"",
        b"{",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe",
        b'{"schema_version": NaN}',
        b'{"a": 1e400}',
        b'{"a": "\\ud800"}',
        b"9" * 5_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"schema_version": 2, "run_id": "r"}',
        b"x" * 1_000_001,
    ]
    for value in hostile:
        producer.raw(b"r", value, place)
        producer.raw(b"\0", value, place)
        producer.raw(None, value, place)
    html = event("r", 1, text="<script>alert(1)</script>\u202e\x1b[31m __proto__")
    producer.append("r", html)
    wait_until(lambda: served.get("/v1/runs/r/events").status_code == 200, 20)
    found = served.get("/v1/runs/r/events")
    assert [entry["event"]["seq"] for entry in found.json()["events"]] == [0, 1]
    assert b'"event":' + html in found.content
    for topic in (served.engine.settings.kafka.topics.drafts, "packets", "reconciliations"):
        name = topic if topic.endswith("drafts") else f"{producer._topics.prefix}{topic}"
        for value in (b"", b"{", b"[]", b'{"status": 5}', b"\xff"):
            producer.derive(name, "r", value)
            producer.derive(name, "r#0", value, "r")
            producer.derive(name, "../x", value)
    time.sleep(0.5)
    assert served.get("/v1/runs").status_code == 200
    assert served.get("/v1/runs/r").status_code == 200
    assert served.get("/readyz").status_code == 200


def test_a_foreign_transaction_on_the_topic_is_no_hole(
    served: RunningGateway, kafka_log: KafkaLog, producer: Writer
) -> None:
    """Its markers take offsets that no reader is ever given."""
    producer.append("r", started("r"))
    foreign = kafka_log.transactional_writer("foreign")
    foreign.fence()
    topic = kafka_log.settings.topics.events
    for commit in (False, True):
        foreign.begin()
        foreign.append(topic, b"r", event("r", 1), partition=home("r"))
        foreign.commit() if commit else foreign.abort()
    foreign.close()
    producer.append("r", event("r", 2))
    found = served.get("/v1/runs/r/events").json()
    assert [entry["event"]["seq"] for entry in found["events"]] == [0, 1, 2]
    assert found["caught_up"] is True


def test_a_missing_topic_is_waited_for(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    def create() -> None:
        time.sleep(1)
        KafkaLog(kafka_settings).admin().ensure_topics(
            kafka_settings.topics.specs(partitions=PARTITIONS)
        )

    thread = threading.Thread(target=create)
    thread.start()
    with gateway(tmp_path, KafkaLog(kafka_settings), kafka=kafka_settings) as running:
        assert running.get("/v1/runs").json() == {"runs": [], "next_cursor": None}
    thread.join()


async def test_commands_reach_the_log_and_agents_are_known_by_their_group(
    served: RunningGateway, kafka_log: KafkaLog, producer: Writer
) -> None:
    producer.run("r", 1)
    assert served.http.post("/v1/runs/r/cancel", json={"reason": "enough"}).status_code == 202
    events = served.get("/v1/runs/r/events").json()["events"]
    assert events[-1]["event"]["type"] == "run.cancel_requested"
    agent = kafka_log.settings.topic_prefix + "guide"
    wish = {"agent": agent, "input": None}
    refused = served.http.post("/v1/requests", json=wish)
    assert refused.json()["type"].endswith(":no-agent")
    topic = kafka_log.settings.topics.requests
    consumer = Consumer(
        {
            "bootstrap.servers": kafka_log.settings.kafka_bootstrap,
            "group.id": f"durable-agents-{agent}",
            "auto.offset.reset": "earliest",
        }
    )
    try:
        consumer.subscribe([topic])
        deadline = time.monotonic() + 30
        while not consumer.assignment():
            assert time.monotonic() < deadline
            consumer.poll(0.1)
        accepted = served.http.post("/v1/requests", json=wish)
        assert accepted.status_code == 202
        while (message := consumer.poll(0.5)) is None:
            assert time.monotonic() < deadline
        assert message.key() == accepted.json()["run_id"].encode()
    finally:
        consumer.close()


def test_status_on_a_broker(served: RunningGateway, kafka_log: KafkaLog, producer: Writer) -> None:
    producer.run("r", 3)
    topics = kafka_log.settings.topics
    writer = kafka_log.transactional_writer(topics.state)
    writer.fence()
    for next_offset in (1, 3):
        writer.begin()
        value = position_record(next_offset)
        writer.append(topics.state, POSITION_KEY, value, partition=home("r"))
        writer.commit()
    writer.close()
    status = served.get("/v1/status").json()
    assert set(status["topics"].values()) == {PARTITIONS}
    (busy,) = (p for p in status["partitions"] if p["partition"] == home("r"))
    assert (busy["low"], busy["high"], busy["processors"]) == (0, 4, 3)
