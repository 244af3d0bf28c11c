"""Stop means stop: whoever asks hears, early or late, and nobody waits for ever."""

import asyncio
import logging
import threading
import time

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings, MemoryLog
from durable_streaming.producers import (
    AgentProducer,
    CancelRequest,
    CapturingProducer,
    LogFailed,
    Misuse,
    NotOpen,
    RunHandle,
    SyncAgentProducer,
    SyncCapturingProducer,
)
from durable_streaming.schemas import canonical
from tests.producers.support import RUN, Bench, memory_log, settings

WISH = CancelRequest("anna", "enough", 7)


def threads() -> int:
    return sum(thread.name == "durable-control" for thread in threading.enumerate())


def forward(log: MemoryLog | KafkaLog, topic: str, run_id: str = RUN) -> None:
    """Do what a processor does with a wish that counts."""
    event = {
        "schema_version": 1, "run_id": run_id, "type": "run.cancel_requested",
        "time": "2026-01-01T00:00:00Z",
        "data": {"requested_by": "anna", "reason": "enough", "seen_offset": 7},
    }  # fmt: skip
    writer = log.transactional_writer(f"{topic}-forward")
    writer.fence()
    writer.begin()
    writer.append(topic, run_id.encode(), canonical(event), partition=0)
    writer.commit()
    writer.close()


async def test_a_wish_stops_the_agent_within_a_second() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a", run_id=RUN) as run:

        async def think() -> None:
            async with asyncio.timeout(30):
                while True:
                    run.text("on and on ")
                    await asyncio.sleep(0.01)

        thinking = asyncio.create_task(think())
        run.on_cancel(lambda request: thinking.cancel(request.reason))
        await asyncio.sleep(0.05)
        asked_s = time.monotonic()
        producer.request_cancel(RUN, "enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await thinking
        assert time.monotonic() - asked_s < 1
        await run.cancel("enough")
    assert producer.events()[-1]["data"] == {"reason": "enough"}


async def test_a_wish_is_heard_after_a_restart_and_by_whoever_asks_later() -> None:
    log = memory_log()
    async with AgentProducer(settings(), log=log) as producer:
        await producer.run(agent="a", run_id=RUN).__aenter__()
        forward(log, "runs.control", "another")
        forward(log, "runs.control")
        async with AgentProducer(settings(), log=log) as taker, taker.resume(RUN) as run:
            assert await run.cancelled() == WISH
            assert await run.cancelled(0) == WISH
            heard: list[CancelRequest] = []
            run.on_cancel(heard.append)
            await asyncio.sleep(0)
            assert heard == [WISH]
            await run.cancel()


async def test_everybody_who_waits_hears_each_once() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as producer,
        producer.run(agent="a", run_id=RUN) as run,
    ):
        heard: list[CancelRequest] = []
        run.on_cancel(heard.append)
        waiting = [asyncio.create_task(run.cancelled()) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert heard == []
        for _ in range(2):
            forward(log, "runs.control")
        assert await asyncio.gather(*waiting) == [WISH] * 3
        await asyncio.sleep(0.05)
        assert heard == [WISH]


async def test_what_is_no_wish_for_this_run_is_not_heard() -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as producer,
        producer.run(agent="a", run_id=RUN) as run,
    ):
        forward(log, "runs.control", "another")
        for value in (b"{", None, canonical({"type": "run.cancel_requested", "run_id": RUN})):
            log.writer().append("runs.control", RUN.encode(), value)
        assert await run.cancelled(0.1) is None


async def test_nobody_waits_for_a_run_that_was_left() -> None:
    async with CapturingProducer() as producer:
        heard: list[CancelRequest] = []
        async with producer.run(agent="a", run_id=RUN) as run:
            run.on_cancel(heard.append)
            waiting = asyncio.create_task(run.cancelled())
            await asyncio.sleep(0.05)
        assert await waiting is None
        assert await run.cancelled() is None
        producer.request_cancel(RUN)
        await asyncio.sleep(0.05)
        assert heard == []
        assert producer._opened().control._waiting == {}


async def test_giving_up_waiting_leaves_nothing_behind() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        assert await run.cancelled(0.01) is None
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await run.cancelled()
        assert producer._opened().control._waiting == {}


async def test_the_reader_runs_only_where_a_run_asks_and_ends_with_its_producer() -> None:
    before = threads()
    async with CapturingProducer() as producer:
        async with producer.run(agent="a") as quiet:
            quiet.text("t")
            assert threads() == before
        async with producer.run(agent="a") as one, producer.run(agent="a") as two:
            one.on_cancel(print)
            two.on_cancel(print)
            assert threads() == before + 1
    assert threads() == before


async def test_a_topic_that_cannot_be_read_is_said(caplog: pytest.LogCaptureFixture) -> None:
    specs = [spec for spec in settings().topics.specs() if spec.name != "runs.control"]
    async with (
        AgentProducer(settings(), log=MemoryLog(specs)) as producer,
        producer.run(agent="a", run_id=RUN) as run,
    ):
        run.on_cancel(print)
        with pytest.raises(LogFailed, match="durable topics"):
            await run.cancelled()
        with pytest.raises(LogFailed, match="can't be heard"):
            await run.cancelled()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_reader_that_lost_its_place_begins_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = memory_log()
    async with (
        AgentProducer(settings(), log=log) as producer,
        producer.run(agent="a", run_id=RUN) as run,
    ):
        assert await run.cancelled(0.05) is None
        # The topic is created anew, with a position above where the reader stands.
        log.topic("runs.control").low[0] = 1
        log.writer().append("runs.control", None, b"{", partition=0)
        forward(log, "runs.control")
        assert await run.cancelled(5) == WISH
    assert "out of range" in caplog.text


async def test_misuse_is_named() -> None:
    run = RunHandle(Bench().run(), None)
    with pytest.raises(Misuse, match="AgentProducer"):
        run.on_cancel(print)
    async with CapturingProducer() as producer, producer.run(agent="a") as left:
        pass
    with pytest.raises(NotOpen):
        left.on_cancel(print)


def test_the_synchronous_twin_hears_too(caplog: pytest.LogCaptureFixture) -> None:
    with SyncCapturingProducer() as producer:
        with producer.run(agent="a", run_id=RUN) as run:
            stop = threading.Event()
            run.on_cancel(lambda _: 1 / 0)
            run.on_cancel(lambda _: stop.set())
            assert run.cancelled(0) is None
            producer.request_cancel(RUN, "x" * 1_000)
            assert stop.wait(1)
            assert run.cancelled() == CancelRequest(None, "x" * 500, None)
        assert run.cancelled() is None
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.kafka
async def test_on_kafka_a_wish_is_heard_within_a_second(kafka_settings: KafkaSettings) -> None:
    log = KafkaLog(kafka_settings)
    log.admin().ensure_topics(kafka_settings.topics.specs(partitions=3))
    async with (
        AgentProducer(kafka_settings) as producer,
        producer.run(agent="a", run_id=RUN) as run,
    ):
        assert await run.cancelled(1) is None
        waiting = asyncio.create_task(run.cancelled())
        await asyncio.to_thread(forward, log, kafka_settings.topics.control)
        stored_s = time.monotonic()
        assert await waiting == WISH
        assert time.monotonic() - stored_s < 1
    with SyncAgentProducer(kafka_settings) as other, other.run(agent="a", run_id=RUN) as again:
        assert again.cancelled(10) == WISH
