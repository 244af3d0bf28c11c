"""Taking a run over: where it goes on, who wins, and who is told."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.producers import (
    AgentProducer,
    LogFailed,
    Misuse,
    RunBusy,
    RunEnded,
    RunHandle,
    RunNotFound,
    RunTakenOver,
    SyncAgentProducer,
)
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.producers.log_scan import LogScan
from durable_streaming.producers.takeover import claim
from durable_streaming.schemas import canonical
from tests.producers.support import RUN, TOPIC, memory_log, settings, stored_events


@asynccontextmanager
async def abandoned_run(log: MemoryLog, run_id: str = RUN) -> AsyncIterator[RunHandle]:
    """A run of a producer that goes on living, but whose agent has stopped talking."""
    async with AgentProducer(settings(), log=log) as producer:
        run = await producer.run(agent="a", run_id=run_id).__aenter__()
        yield run
        if not run.ended:
            with contextlib.suppress(RunTakenOver):
                await run.complete()


async def test_a_taker_goes_on_behind_the_highest_seq() -> None:
    log = memory_log()
    async with abandoned_run(log) as dead, AgentProducer(settings(), log=log) as producer:
        await dead.plan(["s"])
        await dead.step("s").__aenter__()
        dead.text("a")
        await dead.flush()
        async with producer.resume(RUN) as run:
            assert (run.epoch, run.next_seq) == (1, 4)
            await run.plan(["s", "t"])
            async with run.step("s"):
                run.text("b")
    events = stored_events(log)[:9]
    assert [(e["type"], e.get("seq"), e["producer_epoch"]) for e in events] == [
        ("run.started", 0, 0), ("plan.created", 1, 0), ("step.started", 2, 0), ("text.delta", 3, 0),
        ("run.resumed", None, 1),
        ("plan.created", 4, 1), ("step.started", 5, 1), ("text.delta", 6, 1),
        ("step.completed", 7, 1),
    ]  # fmt: skip
    assert events[5]["data"]["revision"] == 1
    assert len({event["producer_id"] for event in events}) == 2


async def test_a_step_that_was_left_running_may_complete_without_starting_again() -> None:
    log = memory_log()
    async with abandoned_run(log) as dead, AgentProducer(settings(), log=log) as producer:
        await dead.step("s").__aenter__()
        async with producer.resume(RUN) as run:
            await run.emit("step.completed", {"step_id": "s", "status": "succeeded"})


async def test_a_run_is_taken_over_again_and_again() -> None:
    log = memory_log()
    async with abandoned_run(log):
        for epoch in (1, 2, 3):
            async with AgentProducer(settings(), log=log) as producer:
                run = await producer.resume(RUN).__aenter__()
                assert run.epoch == epoch
                run.text(str(epoch))
                await run.flush()
    texts = [(e["seq"], e["data"]["text"]) for e in stored_events(log) if e["type"] == "text.delta"]
    assert texts == [(1, "1"), (2, "2"), (3, "3")]


async def test_what_the_older_producer_writes_behind_the_claim_does_not_count() -> None:
    log = memory_log()
    async with abandoned_run(log) as dead, AgentProducer(settings(), log=log) as first:
        run = await first.resume(RUN).__aenter__()
        for _ in range(5):
            await dead.emit("x.zombie", {})
        with pytest.raises(RunTakenOver):
            await dead.flush()
        async with AgentProducer(settings(), log=log) as second:
            later = await second.resume(RUN).__aenter__()
            assert (run.next_seq, later.next_seq, later.epoch) == (1, 1, 2)


async def test_an_ended_run_is_refused_and_nothing_is_written() -> None:
    log = memory_log()
    async with AgentProducer(settings(), log=log) as producer:
        async with producer.run(agent="a", run_id=RUN):
            pass
        await producer.flush()
        before = len(stored_events(log))
        with pytest.raises(RunEnded, match="start a new run"):
            await producer.resume(RUN).__aenter__()
    assert len(stored_events(log)) == before


async def test_an_end_that_comes_during_the_take_over_is_noticed() -> None:
    log = memory_log()
    async with abandoned_run(log) as dead, AgentProducer(settings(), log=log) as producer:
        await dead.flush()
        scan = LogScan(log, TOPIC, RUN)
        scan.read_to_end(RUN)
        await dead.complete()
        with pytest.raises(RunEnded):
            await asyncio.to_thread(claim, producer._opened(), RUN, scan, Lifecycle(RUN))
        assert producer._opened().outbox.runs() == []
        scan.close()


async def test_a_time_out_that_holds_has_ended_the_run() -> None:
    log = memory_log()
    async with abandoned_run(log) as dead:
        await dead.flush()
        event = {
            "schema_version": 1, "run_id": RUN, "type": "run.timed_out",
            "time": "2026-01-01T00:00:00Z",
            "data": {"idle_seconds": 600, "last_seq": 0, "last_epoch": 0},
        }  # fmt: skip
        log.writer().append(TOPIC, RUN.encode(), canonical(event))
        async with AgentProducer(settings(), log=log) as producer:
            with pytest.raises(RunEnded):
                await producer.resume(RUN).__aenter__()


async def test_misuse_is_named() -> None:
    log = memory_log()
    async with abandoned_run(log), AgentProducer(settings(), log=log) as producer:
        with pytest.raises(RunNotFound, match="start it"):
            await producer.resume("nobody").__aenter__()
        with pytest.raises(Misuse, match="must match"):
            await producer.resume("../x").__aenter__()
        run = await producer.resume(RUN).__aenter__()
        with pytest.raises(RunBusy, match="another handle"):
            await producer.resume(RUN).__aenter__()
        await run.complete()


async def test_a_missing_topic_is_named() -> None:
    async with AgentProducer(settings(), log=MemoryLog()) as producer:
        with pytest.raises(LogFailed, match="durable topics"):
            await producer.resume(RUN).__aenter__()


async def test_bad_records_and_other_runs_do_not_disturb() -> None:
    log = memory_log(partitions=1)
    async with abandoned_run(log) as dead, abandoned_run(log, "other") as other:
        other.text("other")
        log.writer().append(TOPIC, RUN.encode(), b"{")
        log.writer().append(TOPIC, None, None)
        await dead.emit("x.a", {})
        async with AgentProducer(settings(), log=log) as producer:
            run = await producer.resume(RUN).__aenter__()
            assert run.next_seq == 2


def test_of_two_takers_of_one_epoch_one_wins_and_the_other_is_told() -> None:
    """Both have read the same state before either claims: the closest race there is."""
    for _ in range(20):
        log = memory_log()
        with SyncAgentProducer(settings(), log=log) as producer:
            producer.run(agent="a", run_id=RUN).__enter__()
            _race(log)


def _race(log: MemoryLog) -> None:
    engines = [Engine(settings(), log=log) for _ in range(2)]
    scans = [LogScan(log, TOPIC, RUN) for _ in engines]
    for scan in scans:
        scan.read_to_end(RUN)
    start = threading.Barrier(2)
    said: list[str] = []

    def take(engine: Engine, scan: LogScan) -> None:
        start.wait()
        try:
            writer = claim(engine, RUN, scan, Lifecycle(RUN))
            said.append(f"won epoch {writer.epoch}")
        except RunTakenOver as error:
            said.append(f"lost to epoch {error.epoch}")

    threads = [
        threading.Thread(target=take, args=pair) for pair in zip(engines, scans, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for scan in scans:
        scan.close()
    for engine in engines:
        engine.close()
    assert sorted(said) == ["lost to epoch 1", "won epoch 1"]


def test_the_synchronous_twin_resumes_too() -> None:
    log = memory_log()
    with SyncAgentProducer(settings(), log=log) as dead:
        dead.run(agent="a", run_id=RUN).__enter__()
        with SyncAgentProducer(settings(), log=log) as producer, producer.resume(RUN) as run:
            run.text("b")
    assert [e["type"] for e in stored_events(log)] == [
        "run.started", "run.resumed", "text.delta", "run.completed",
    ]  # fmt: skip


async def test_a_cancelled_take_over_leaves_no_handle_behind() -> None:
    log = memory_log()
    async with abandoned_run(log), AgentProducer(settings(), log=log) as producer:
        task = asyncio.create_task(producer.resume(RUN).__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(100):
            try:
                run = await producer.resume(RUN).__aenter__()
                break
            except RunBusy:
                await asyncio.sleep(0.05)
        await run.complete()
