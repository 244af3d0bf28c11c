"""On a real Kafka: order, places, take-over, and outcomes while connections are cut."""

import asyncio
import dataclasses
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings, LogAdmin, Outcome, Record, Stored
from durable_streaming.producers import (
    AgentProducer,
    OutcomeUnknown,
    ProducerOptions,
    PublishingStopped,
    RunEnded,
    RunTakenOver,
    SyncAgentProducer,
)
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.producers.log_scan import LogScan
from durable_streaming.producers.publish import publish_lines
from durable_streaming.producers.takeover import claim
from durable_streaming.schemas import Event, judge, partition_for
from tests.producers.proxy import KafkaProxy
from tests.producers.support import RUN

pytestmark = pytest.mark.kafka

PARTITIONS = 3


@pytest.fixture
def settings(kafka_settings: KafkaSettings) -> KafkaSettings:
    LogAdmin(kafka_settings).ensure_topics(kafka_settings.topics.specs(partitions=PARTITIONS))
    return kafka_settings


@pytest.fixture
def proxy(kafka: str) -> Iterator[KafkaProxy]:
    with KafkaProxy(kafka) as proxy:
        yield proxy


def through(proxy: KafkaProxy, settings: KafkaSettings) -> KafkaSettings:
    return settings.model_copy(update={"kafka_bootstrap": proxy.bootstrap})


def read_all(settings: KafkaSettings) -> list[tuple[Record, Event]]:
    """Read all runs back, straight from the broker; everything there must be a valid event."""
    log, topic = KafkaLog(settings), settings.topics.events
    marks = log.admin().watermarks(topic)
    found: list[tuple[Record, Event]] = []
    with log.reader({(topic, p): low for p, (low, _) in marks.items()}) as reader:
        while any(reader.positions[topic, p] < high for p, (_, high) in marks.items()):
            for record in reader.read(1):
                event = judge(record.value, record.key, record.partition, PARTITIONS)
                assert isinstance(event, Event)
                found.append((record, event))
    return found


async def test_runs_are_stored_in_order_where_their_key_belongs(settings: KafkaSettings) -> None:
    async with AgentProducer(settings) as producer:

        async def agent(number: int) -> None:
            async with producer.run(agent="a", run_id=f"r{number}") as run:
                for token in range(100):
                    run.text(f"{token} ")
                    await asyncio.sleep(0.001)
                flushed = await run.flush()
                assert flushed.partition == partition_for(f"r{number}".encode(), PARTITIONS)
                await run.complete("".join(f"{token} " for token in range(100)))

        await asyncio.gather(*(agent(number) for number in range(10)))
    runs: dict[str, list[Event]] = defaultdict(list)
    for _, event in read_all(settings):
        runs[event.run_id].append(event)
    assert len(runs) == 10
    for events in runs.values():
        assert [event.seq for event in events] == list(range(len(events)))
        text = "".join(event.data["text"] for event in events if event.type == "text.delta")
        assert text == events[-1].data["answer"]["text"]
        # 100 tokens came, far fewer events went.
        assert len(events) < 60


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_missing_topic_stops_the_run_and_says_so(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(PublishingStopped, match="UNKNOWN_TOPIC"):
        async with AgentProducer(kafka_settings) as producer, producer.run(agent="a") as run:
            await run.flush()


async def test_what_the_broker_refuses_for_good_is_not_stored_and_stops_its_run_only(
    kafka_settings: KafkaSettings,
) -> None:
    (spec,) = (
        dataclasses.replace(spec, config=spec.config | {"max.message.bytes": "4000"})
        for spec in kafka_settings.topics.specs(partitions=PARTITIONS)
        if spec.name == kafka_settings.topics.events
    )
    LogAdmin(kafka_settings).ensure_topics([spec])

    async def agents() -> None:
        async with (
            AgentProducer(kafka_settings) as producer,
            producer.run(agent="a", run_id="other") as other,
        ):
            run = await producer.run(agent="a", run_id=RUN).__aenter__()
            await run.flush()
            await run.emit("x.big", {"random": secrets.token_hex(10_000)})
            for call in (run.flush, run.complete):
                with pytest.raises(PublishingStopped, match="MSG_SIZE_TOO_LARGE"):
                    await call()
            other.text("goes on")
            await other.flush()

    # Leaving the producer says it once more: not everything was stored.
    with pytest.raises(PublishingStopped, match="seq 1"):
        await agents()
    assert [(e.run_id, e.seq) for _, e in sorted_by_run(read_all(kafka_settings))] == [
        ("other", 0), ("other", 1), ("other", 2), (RUN, 0),
    ]  # fmt: skip


def sorted_by_run(found: list[tuple[Record, Event]]) -> list[tuple[Record, Event]]:
    return sorted(found, key=lambda pair: pair[1].run_id)


async def test_take_over_and_fencing(settings: KafkaSettings) -> None:
    async with AgentProducer(settings) as dead, AgentProducer(settings) as producer:
        old = await dead.run(agent="a", run_id=RUN).__aenter__()
        old.text("a")
        await old.flush()
        async with producer.resume(RUN) as run:
            assert (run.epoch, run.next_seq) == (1, 2)
            old.text("zombie")
            with pytest.raises(RunTakenOver, match="epoch 1"):
                await old.flush()
            run.text("b")
        await producer.flush()
        with pytest.raises(RunEnded):
            await producer.resume(RUN).__aenter__()
        with pytest.raises(RunTakenOver):
            await old.cancel()
    assert [(e.type, e.seq, e.producer_epoch) for _, e in read_all(settings)] == [
        ("run.started", 0, 0), ("text.delta", 1, 0), ("run.resumed", None, 1),
        ("text.delta", 2, 0), ("text.delta", 2, 1), ("run.completed", 3, 1),
    ]  # fmt: skip


def test_a_duel_has_one_winner(settings: KafkaSettings) -> None:
    with SyncAgentProducer(settings) as producer:
        for number in range(10):
            producer.run(agent="a", run_id=f"r{number}").__enter__()
        producer.flush()
        engines = [Engine(settings), Engine(settings)]
        for number in range(10):
            assert sorted(_duel(engines, settings, f"r{number}")) == ["lost", "won"]
        for engine in engines:
            engine.close()


def _duel(engines: list[Engine], settings: KafkaSettings, run_id: str) -> list[str]:
    start, said = threading.Barrier(2), list[str]()

    def take(engine: Engine) -> None:
        scan = LogScan(engine.log, settings.topics.events, run_id)
        scan.read_to_end(run_id)
        start.wait()
        try:
            claim(engine, run_id, scan, Lifecycle(run_id))
            said.append("won")
        except RunTakenOver:
            said.append("lost")
        scan.close()

    threads = [threading.Thread(target=take, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_cuts_between_send_and_answer(settings: KafkaSettings, proxy: KafkaProxy) -> None:
    """Every ok is in the log at its place, nothing failed, and seqs have no gap."""
    answers: dict[int, Outcome] = {}
    engine = Engine(through(proxy, settings))
    writer = engine.new_run(RUN, strict=False)
    engine.outbox.register(writer)

    def noting(seq: int) -> Callable[[Outcome], None]:
        return lambda outcome: answers.__setitem__(seq, outcome)

    for cut in range(40):
        proxy.lose_answer()
        for _ in range(10):
            writer.append("x.n", {"n": writer.next_seq}, noting(writer.next_seq))
        deadline = time.monotonic() + 20
        while proxy.lost <= cut:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    _await(lambda: len(answers) == 400)
    engine.close()
    assert all(isinstance(outcome, Stored) for outcome in answers.values())
    first_at: dict[int, int] = {}
    for record, event in read_all(settings):
        assert event.seq is not None
        assert event.data == {"n": event.seq}
        first_at.setdefault(event.seq, record.offset)
    assert list(first_at) == list(range(400))
    for seq, outcome in answers.items():
        assert isinstance(outcome, Stored)
        assert outcome.offset is None or outcome.offset == first_at[seq]


@pytest.mark.timeout(120)
async def test_a_broker_that_is_away_makes_exactly_its_events_unknown(
    settings: KafkaSettings, proxy: KafkaProxy
) -> None:
    options = ProducerOptions(answer_deadline_s=1)
    async with AgentProducer(through(proxy, settings), options=options) as producer:
        async with producer.run(agent="a", run_id=RUN) as run:
            # The first connection may take longer than the deadline of this test.
            await _stored(run.flush)
            proxy.go_away()
            for n in range(5):
                await run.emit("x.n", {"n": n})
            with pytest.raises(OutcomeUnknown) as caught:
                await run.flush()
            assert caught.value.seqs == [1, 2, 3, 4, 5]
            proxy.come_back()
            await _stored(run.flush)
        await _stored(producer.flush)
    assert [event.seq for _, event in read_all(settings)] == list(range(7))


async def test_an_outage_within_the_deadline_costs_nothing(
    settings: KafkaSettings, proxy: KafkaProxy
) -> None:
    async with (
        AgentProducer(through(proxy, settings)) as producer,
        producer.run(agent="a", run_id=RUN) as run,
    ):
        for n in range(60):
            if n == 10:
                proxy.go_away()
            if n == 50:
                proxy.come_back()
            run.text(f"{n} ")
            await asyncio.sleep(0.05)
        await run.complete("".join(f"{n} " for n in range(60)))
    events = [event for _, event in read_all(settings)]
    assert [event.seq for event in events] == list(range(len(events)))
    text = "".join(event.data["text"] for event in events if event.type == "text.delta")
    assert text == events[-1].data["answer"]["text"]


def test_lines_are_published_and_taken_over(settings: KafkaSettings) -> None:
    def lines(count: int) -> Iterator[bytes]:
        for n in range(count):
            yield b'{"run_id":"r%d","type":"x.n","data":%d}' % (n % 5, n)
        yield b"bad"

    for begun in (0, 1):
        outcomes = list(publish_lines(lines(500), settings=settings))
        assert [o.outcome for o in outcomes] == ["ok"] * 500 + ["failed"]
        assert [o.seq for o in outcomes[:500]] == [begun * 100 + n // 5 for n in range(500)]
    places = {(record.partition, record.offset): event for record, event in read_all(settings)}
    for outcome in outcomes[:500]:
        event = places[outcome.partition or 0, outcome.offset or 0]
        assert (event.run_id, event.seq, event.producer_epoch) == (outcome.run_id, outcome.seq, 1)


async def _stored(flush: Callable[[], Awaitable[object]]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            await flush()
            return
        except OutcomeUnknown:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)


def _await(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
