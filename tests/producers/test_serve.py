"""Agents that wait: each request once while a worker lives, again when it died before it began."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from durable_streaming.eventlog import Fenced, GroupReader, KafkaLog, KafkaSettings
from durable_streaming.producers import (
    AgentProducer,
    CapturingProducer,
    LogFailed,
    Misuse,
    RunHandle,
    SyncAgentProducer,
    SyncRunHandle,
)
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.request_queue import RequestQueue
from durable_streaming.schemas import canonical, decode

# Groups are the broker's, whatever the prefix of the topics, and other tests may use it.
AGENT = f"guide-{uuid.uuid4().hex[:8]}"
GROUP = f"durable-agents-{AGENT}"


async def test_misuse_is_named() -> None:
    async def handler(run: RunHandle, asked: Any) -> None:
        raise AssertionError

    async with CapturingProducer() as producer:
        with pytest.raises(Misuse, match="Kafka"):
            await producer.serve(AGENT, handler)
        with pytest.raises(Misuse, match="under a name"):
            await producer.serve("", handler)
        with pytest.raises(Misuse, match="at least 1"):
            await producer.serve(AGENT, handler, max_runs=0)


@pytest.fixture
def settings(kafka_settings: KafkaSettings) -> KafkaSettings:
    KafkaLog(kafka_settings).admin().ensure_topics(kafka_settings.topics.specs(partitions=2))
    return kafka_settings


def ask(settings: KafkaSettings, *run_ids: str, agent: str = AGENT) -> None:
    values = {
        run_id: canonical(
            {"run_id": run_id, "agent": agent, "input": {"q": run_id}, "time": "2026-01-01T00:00Z"}
        )
        for run_id in run_ids
    }
    append(settings, settings.topics.requests, values)


def append(settings: KafkaSettings, topic: str, values: Mapping[str, bytes | None]) -> None:
    writer = KafkaLog(settings).writer()
    for key, value in values.items():
        writer.append(topic, key.encode(), value)
    assert writer.flush(20) == 0


def started(run_id: str) -> dict[str, bytes]:
    event = {
        "schema_version": 1, "run_id": run_id, "type": "run.started", "seq": 0,
        "time": "2026-01-01T00:00:00Z", "producer_id": "another", "producer_epoch": 0,
        "data": {"agent": AGENT},
    }  # fmt: skip
    return {run_id: canonical(event)}


def events(settings: KafkaSettings) -> list[dict[str, Any]]:
    log, topic = KafkaLog(settings), settings.topics.events
    marks = log.admin().watermarks(topic)
    found: list[dict[str, Any]] = []
    with log.reader({(topic, p): low for p, (low, _) in marks.items()}) as reader:
        while any(reader.positions[topic, p] < high for p, (_, high) in marks.items()):
            found += [decode(record.value or b"") for record in reader.read(1)]
    return found


@asynccontextmanager
async def serving(
    settings: KafkaSettings,
    handler: Callable[[RunHandle, Any], Awaitable[object]],
    *,
    max_runs: int = 100,
) -> AsyncIterator[asyncio.Task[None]]:
    async with AgentProducer(settings) as producer:
        task = asyncio.create_task(producer.serve(AGENT, handler, max_runs=max_runs))
        yield task
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(happened: Callable[[], bool], within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not happened():
            await asyncio.sleep(0.02)


@pytest.mark.kafka
async def test_workers_share_the_requests_each_once(settings: KafkaSettings) -> None:
    asked: list[tuple[str, Any]] = []

    async def handler(run: RunHandle, question: Any) -> None:
        asked.append((run.run_id, question))
        run.text("an answer")
        await run.complete("an answer")

    async with serving(settings, handler), serving(settings, handler):
        ask(settings, "early-1", "early-2")
        await until(lambda: len(asked) == 2)
        append(
            settings, settings.topics.requests, {"x": b"{", "y": None, "z": b'{"agent":"guide"}'}
        )
        ask(settings, "not-mine", agent="another")
        ask(settings, "../not-a-run")
        ask(settings, *(f"r{n}" for n in range(20)))
        await until(lambda: len(asked) == 22)
        await asyncio.sleep(0.3)
    run_ids = {"early-1", "early-2", *(f"r{n}" for n in range(20))}
    assert sorted(asked) == [(run_id, {"q": run_id}) for run_id in sorted(run_ids)]
    told = events(settings)
    assert {event["run_id"] for event in told} == run_ids
    start = next(event for event in told if event["type"] == "run.started")
    assert start["data"] == {"agent": AGENT, "input": {"q": start["run_id"]}}
    # All of it is passed: a worker that comes now has nothing to do.
    positions = KafkaLog(settings).admin().group_offsets(GROUP)
    marks = KafkaLog(settings).admin().watermarks(settings.topics.requests)
    assert positions == {(settings.topics.requests, p): high for p, (_, high) in marks.items()}


@pytest.mark.kafka
async def test_a_request_comes_again_when_its_worker_died_before_the_start(
    settings: KafkaSettings,
) -> None:
    ask(settings, "r1", "r2")
    # A worker that has both requests, has started one, committed neither, and dies.
    with GroupReader(settings, GROUP, settings.topics.requests) as dead:
        taken: list[bytes | None] = []
        deadline_s = time.monotonic() + 30
        while len(taken) < 2:
            assert time.monotonic() < deadline_s
            taken += [record.key for record in dead.read(0.1)]
    append(settings, settings.topics.events, started("r2"))
    asked: list[str] = []

    async def handler(run: RunHandle, _: Any) -> None:
        asked.append(run.run_id)

    async with serving(settings, handler):
        await until(lambda: asked == ["r1"])
        ask(settings, "r3")
        await until(lambda: len(asked) == 2)
    assert asked == ["r1", "r3"]


@pytest.mark.kafka
def test_of_two_workers_that_start_a_run_the_later_one_does_not_go_on(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other worker starts it at the worst moment: just after this one saw that it may."""
    engine = Engine(settings)
    queue = RequestQueue(engine, AGENT)
    ask(settings, "r1")
    prove = queue._group.commit
    proofs = 0

    def prove_then_lose(positions: Mapping[tuple[str, int], int]) -> None:
        nonlocal proofs
        prove(positions)
        proofs += 1
        if proofs == 1:
            append(settings, settings.topics.events, started("r1"))

    monkeypatch.setattr(queue._group, "commit", prove_then_lose)
    while proofs < 2:
        assert queue.take(0.5) is None
    ask(settings, "r2")
    found = None
    while found is None:
        found = queue.take(0.5)
    assert found.writer.run_id == "r2"
    assert [writer.run_id for writer in engine.outbox.runs()] == ["r2"]
    queue.close()
    engine.close()


@pytest.mark.kafka
def test_a_request_stays_first_while_the_group_deals_anew(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker refuses commits of a deal that is over; the place may be ours in the next too."""
    engine = Engine(settings)
    queue = RequestQueue(engine, AGENT)
    commit, refusals = queue._group.commit, 3

    def refuse(positions: Mapping[tuple[str, int], int]) -> None:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise Fenced("REBALANCE_IN_PROGRESS")
        commit(positions)

    monkeypatch.setattr(queue._group, "commit", refuse)
    ask(settings, "r1", "r2")
    assert sorted(take(queue, 2)) == ["r1", "r2"]
    assert refusals < 0
    queue.close()
    engine.close()


@pytest.mark.kafka
def test_requests_that_were_read_ahead_go_with_their_place(settings: KafkaSettings) -> None:
    engine, other_engine = Engine(settings), Engine(settings)
    run_ids = sorted(f"r{n}" for n in range(20))
    ask(settings, *run_ids)
    first = RequestQueue(engine, AGENT)
    taken = take(first, 1)
    # All the rest lies in the first worker's memory when the second one comes.
    second = RequestQueue(other_engine, AGENT)
    deadline_s = time.monotonic() + 30
    while not second._group.places:
        assert time.monotonic() < deadline_s
        first.attend(0.05)
        second.attend(0.05)
    for queue in (first, second):
        lie = {(record.topic, record.partition) for record in queue._requests}
        assert lie <= queue._group.places
    while len(taken) < 20:
        assert time.monotonic() < deadline_s
        for queue in (first, second):
            if (started := queue.take(0.2)) is not None:
                taken.append(started.writer.run_id)
    assert sorted(taken) == run_ids
    for queue in (first, second):
        assert queue.take(0.5) is None
        queue.close()
    engine.close()
    other_engine.close()


def take(queue: RequestQueue, count: int) -> list[str]:
    taken: list[str] = []
    deadline_s = time.monotonic() + 30
    while len(taken) < count:
        assert time.monotonic() < deadline_s
        if (started := queue.take(0.5)) is not None:
            taken.append(started.writer.run_id)
    return taken


@pytest.mark.kafka
def test_a_place_that_comes_back_brings_nothing_that_was_begun(settings: KafkaSettings) -> None:
    """A commit that failed leaves a request to be given again, to the same worker too."""
    engine = Engine(settings)
    ask(settings, "r1", "r2")
    queue = RequestQueue(engine, AGENT)
    assert sorted(take(queue, 2)) == ["r1", "r2"]
    marks = KafkaLog(settings).admin().watermarks(settings.topics.requests)
    queue._group.commit({(settings.topics.requests, p): low for p, (low, _) in marks.items()})
    queue._group.close()
    for writer in engine.outbox.runs():
        writer.append("run.completed", {})
    again = RequestQueue(engine, AGENT)
    ask(settings, "r3")
    assert take(again, 1) == ["r3"]
    assert again.take(0.5) is None
    again.close()
    engine.close()


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_workers_that_come_and_go_leave_no_request_behind(settings: KafkaSettings) -> None:
    async def handler(run: RunHandle, _: Any) -> None:
        await run.complete("done")

    run_ids = [f"r{n}" for n in range(400)]

    async def come_and_go() -> None:
        for _ in range(5):
            async with serving(settings, handler):
                await asyncio.sleep(1.5)

    async with serving(settings, handler):
        coming = asyncio.create_task(come_and_go())
        for n in range(0, 400, 20):
            await asyncio.to_thread(ask, settings, *run_ids[n : n + 20])
            await asyncio.sleep(0.2)
        await coming
        async with asyncio.timeout(60):
            while await asyncio.to_thread(_started, settings) != sorted(run_ids):
                await asyncio.sleep(0.5)


def _started(settings: KafkaSettings) -> list[str]:
    return sorted(e["run_id"] for e in events(settings) if e["type"] == "run.started")


@pytest.mark.kafka
async def test_no_more_runs_at_a_time_than_said_and_a_failure_is_its_runs_only(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable_streaming.producers.serving._ATTEND_S", 0.02)
    running = most = done = 0

    async def handler(run: RunHandle, _: Any) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.5)
        running -= 1
        done += 1
        if run.run_id == "r2":
            raise ValueError("no")

    ask(settings, *(f"r{n}" for n in range(6)))
    async with serving(settings, handler, max_runs=2):
        await until(lambda: done == 6)
    assert most == 2
    ends = {e["run_id"]: e["type"] for e in events(settings) if e["type"] != "run.started"}
    assert ends == {f"r{n}": "run.failed" if n == 2 else "run.completed" for n in range(6)}


@pytest.mark.kafka
async def test_runs_under_way_are_cancelled_with_their_worker(settings: KafkaSettings) -> None:
    begun = asyncio.Event()

    async def handler(run: RunHandle, _: Any) -> None:
        begun.set()
        await asyncio.sleep(60)

    ask(settings, "r1")
    async with serving(settings, handler):
        await asyncio.wait_for(begun.wait(), 30)
    assert [event["type"] for event in events(settings)] == ["run.started", "run.cancelled"]


@pytest.mark.kafka
async def test_a_missing_topic_is_said(kafka_settings: KafkaSettings) -> None:
    async def handler(run: RunHandle, _: Any) -> None:
        raise AssertionError

    async with AgentProducer(kafka_settings) as producer:
        with pytest.raises(LogFailed, match="durable topics"):
            await producer.serve(AGENT, handler)


@pytest.mark.kafka
def test_the_synchronous_twin_serves_in_threads(settings: KafkaSettings) -> None:
    asked: list[str] = []

    def handler(run: SyncRunHandle, _: Any) -> None:
        asked.append(threading.current_thread().name)
        run.complete(run.run_id)

    with SyncAgentProducer(settings) as producer:
        ended: list[str] = []

        def serve() -> None:
            try:
                producer.serve(AGENT, handler, max_runs=2)
            except Misuse as error:
                ended.append(str(error))

        thread = threading.Thread(target=serve)
        thread.start()
        ask(settings, *(f"r{n}" for n in range(5)))
        deadline_s = time.monotonic() + 30
        while len(asked) < 5:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        producer.flush()
        producer._opened().outbox.refuse("enough")
        thread.join()
    assert ended == ["enough"]
    assert all(name.startswith(f"durable-{AGENT}") for name in asked)
    answers = [e["data"]["answer"]["text"] for e in events(settings) if e["type"] != "run.started"]
    assert sorted(answers) == [f"r{n}" for n in range(5)]


_WORKER = """
import asyncio, sys
from durable_streaming.producers import AgentProducer

async def handler(run, asked):
    print(run.run_id, flush=True)
    await run.complete("done")

async def main():
    async with AgentProducer() as producer:
        await producer.serve(sys.argv[1], handler)

asyncio.run(main())
"""


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_requests_of_a_killed_and_a_frozen_worker_go_to_the_living_one(
    kafka_settings: KafkaSettings,
) -> None:
    settings = kafka_settings
    # So many that each worker has some, and none of them only looks on.
    specs = settings.topics.specs(partitions=6)
    KafkaLog(settings).admin().ensure_topics(specs)
    environment = os.environ | {
        "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, AGENT], env=environment, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    admin = AdminClient(settings.connection())
    try:
        _wait(lambda: _dealt(admin) == [2, 2, 2])
        ask(settings, *(f"a{n}" for n in range(10)))
        _wait(lambda: _completed(settings) >= 10)
        workers[0].kill()
        workers[1].send_signal(signal.SIGSTOP)
        ask(settings, *(f"b{n}" for n in range(10)))
        _wait(lambda: _completed(settings) >= 20)
        workers[1].send_signal(signal.SIGCONT)
        ask(settings, *(f"c{n}" for n in range(10)))
        _wait(lambda: _completed(settings) >= 30)
        time.sleep(1)
    finally:
        for worker in workers:
            worker.kill()
    handled = [line for worker in workers for line in worker.communicate()[0].decode().split()]
    assert sorted(handled) == sorted(f"{which}{n}" for which in "abc" for n in range(10))


def _dealt(admin: AdminClient) -> list[int]:
    """Give how many places each member has; nothing while they are dealt out."""
    try:
        (group,) = admin.describe_consumer_groups([GROUP]).values()
        found = group.result(10)
    except KafkaException:
        return []
    if found.state != ConsumerGroupState.STABLE:
        return []
    return [len(member.assignment.topic_partitions) for member in found.members]


def _completed(settings: KafkaSettings) -> int:
    return sum(event["type"] == "run.completed" for event in events(settings))


def _wait(happened: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
