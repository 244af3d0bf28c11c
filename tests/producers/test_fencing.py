"""A producer whose run was taken over is told so, and does not pretend that it still counts."""

from collections.abc import Mapping

import pytest

from durable_streaming.eventlog import MemoryLog, Place, Reader
from durable_streaming.producers import (
    AgentProducer,
    LogFailed,
    ProducerOptions,
    RunTakenOver,
    SyncAgentProducer,
)
from tests.producers.support import RUN, TOPIC, memory_log, settings, stored_events


class CountingLog(MemoryLog):
    """Says where readers began."""

    def __init__(self) -> None:
        super().__init__(settings().topics.specs(partitions=1))
        self.begins: list[int] = []

    def reader(self, positions: Mapping[Place, int]) -> Reader:  # type: ignore[override]
        self.begins += positions.values()
        return super().reader(positions)


async def test_the_older_producer_is_told_by_flush_and_then_by_every_call() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as older,
        AgentProducer(settings(), log=log) as newer,
    ):
        old = await older.run(agent="a", run_id=RUN).__aenter__()
        old.text("a")
        await old.flush()
        async with newer.resume(RUN) as run:
            old.text("zombie")
            with pytest.raises(RunTakenOver, match=r"epoch 1.*resume") as told:
                await old.flush()
            assert (told.value.run_id, told.value.epoch) == (RUN, 1)
            run.text("b")
            assert (await run.flush()).events == 2
        with pytest.raises(RunTakenOver):
            old.text("c")
        for call in (old.complete, old.flush):
            with pytest.raises(RunTakenOver):
                await call()
    ends = [event["type"] for event in stored_events(log) if event["type"].startswith("run.")]
    assert ends == ["run.started", "run.resumed", "run.completed"]


async def test_an_end_that_does_not_count_is_not_passed_off_as_one() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as older,
        AgentProducer(settings(), log=log) as newer,
        older.run(agent="a", run_id=RUN) as old,
    ):
        await old.flush()
        async with newer.resume(RUN) as run:
            run.text("b")
        await old.complete("a")
        with pytest.raises(RunTakenOver):
            await old.flush()


async def zombie(older: AgentProducer, newer: AgentProducer) -> None:
    async with older.run(agent="a", run_id=RUN) as old:
        await old.flush()
        async with newer.resume(RUN):
            await old.emit("x.zombie", {})
        with pytest.raises(RunTakenOver):
            await older.flush()


async def test_leaving_the_block_of_a_run_that_is_known_to_be_taken_over_says_so() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as older,
        AgentProducer(settings(), log=log) as newer,
    ):
        with pytest.raises(RunTakenOver):
            await zombie(older, newer)


async def test_what_was_stored_before_the_claim_counts() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as older,
        AgentProducer(settings(), log=log) as newer,
    ):
        old = await older.run(agent="a", run_id=RUN).__aenter__()
        old.text("a")
        assert (await old.flush()).events == 2
        async with newer.resume(RUN):
            assert (await old.flush()).events == 2


async def test_a_producer_may_take_its_own_run_back() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as older,
        AgentProducer(settings(), log=log) as newer,
    ):
        old = await older.run(agent="a", run_id=RUN).__aenter__()
        between = await newer.resume(RUN).__aenter__()
        await old.emit("x.zombie", {})
        with pytest.raises(RunTakenOver):
            await old.flush()
        async with older.resume(RUN) as again:
            assert again.epoch == 2
            await again.emit("x.back", {})
            await again.flush()
            await between.emit("x.zombie", {})
            with pytest.raises(RunTakenOver, match="epoch 2"):
                await between.flush()


async def test_each_record_is_read_once_for_all_runs_that_flush() -> None:
    log = CountingLog()
    async with AgentProducer(settings(), log=log) as producer:
        early = await producer.run(agent="a", run_id="early").__aenter__()
        for _ in range(10):
            await early.emit("x.n", {})
        later = await producer.run(agent="a", run_id="later").__aenter__()
        await later.flush()
        assert log.begins == [11]
        await later.flush()
        assert log.begins == [11]
        # Older than what was read, so it is read from its own beginning.
        await early.flush()
        assert log.begins == [11, 0]
        await later.emit("x.n", {})
        await early.emit("x.n", {})
        await later.flush()
        await early.flush()
        assert log.begins == [11, 0, 12, 13]
        for run in (early, later):
            await run.complete()


async def test_a_claim_between_two_flushes_of_other_runs_is_not_overlooked() -> None:
    log = memory_log(partitions=1)
    async with (
        AgentProducer(settings(), log=log) as older,
        AgentProducer(settings(), log=log) as newer,
    ):
        old = await older.run(agent="a", run_id=RUN).__aenter__()
        async with older.run(agent="a", run_id="other") as other, newer.resume(RUN) as run:
            await other.emit("x.n", {})
            await other.flush()
            await old.emit("x.zombie", {})
            with pytest.raises(RunTakenOver):
                await old.flush()
            await run.complete()


async def test_the_check_can_be_turned_off() -> None:
    log = memory_log()
    options = ProducerOptions(check_takeover=False)
    async with (
        AgentProducer(settings(), options=options, log=log) as older,
        AgentProducer(settings(), log=log) as newer,
        older.run(agent="a", run_id=RUN) as old,
        newer.resume(RUN),
    ):
        await old.emit("x.zombie", {})
        assert (await old.flush()).events == 2


async def test_a_log_that_does_not_keep_the_run_is_said() -> None:
    log = memory_log(partitions=1)
    async with AgentProducer(settings(), log=log) as producer:
        run = await producer.run(agent="a", run_id=RUN).__aenter__()
        await run.emit("x.n", {})
        log.topic(TOPIC).low[0] = 1
        with pytest.raises(LogFailed, match="out of range"):
            await run.flush()
        await run.complete()


def test_the_synchronous_twin_is_told_too() -> None:
    log = memory_log()
    with (
        SyncAgentProducer(settings(), log=log) as older,
        SyncAgentProducer(settings(), log=log) as newer,
    ):
        old = older.run(agent="a", run_id=RUN).__enter__()
        with newer.resume(RUN):
            old.emit("x.zombie", {})
            with pytest.raises(RunTakenOver):
                older.flush()
