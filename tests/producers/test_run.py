"""What an agent's few lines become in the log."""

import asyncio
import time
from typing import Any

import pytest

from durable_streaming.producers import (
    BufferFull,
    CapturingProducer,
    EventRefused,
    Misuse,
    NotOpen,
    ProducerOptions,
    RunBusy,
    RunEnded,
    RunHandle,
    StepMisuse,
)
from durable_streaming.schemas import Event, canonical, judge_value
from tests.producers.support import Bench


def told(producer: CapturingProducer) -> list[tuple[str, Any]]:
    return [(event["type"], event["data"]) for event in producer.events()]


async def test_a_whole_run() -> None:
    async with CapturingProducer() as producer:
        async with producer.run(
            agent="a", title="t", input={"q": 1}, model="m", thread_id="th", parent_run_id="p",
            tags={"team": "x"}, run_id="run-1",
        ) as run:  # fmt: skip
            await run.plan(["search", {"step_id": "w", "title": "Write", "depends_on": ["search"]}])
            async with run.step("search", title="Search"):
                async with run.tool("find", {"q": "k"}, call_id="c1", step_id="search") as call:
                    await call.returned(["hit"])
                await run.source("s1", url="https://e.example", title="E", cited=[(0, 3)])
            run.reasoning("hm")
            run.text("Hel")
            run.text("lo", part=1)
            await run.check("spelling", "pass", score=1.0)
            await run.waiting("approval", detail="go?")
            await run.emit("x.progress", None)
            await run.complete("Hello", parts=[0, 1], source_ids=["s1"], usage={"tokens": 2})
        await producer.flush()
    assert told(producer) == [
        ("run.started", {"agent": "a", "title": "t", "input": {"q": 1}, "model": "m",
                         "thread_id": "th", "parent_run_id": "p", "tags": {"team": "x"}}),
        ("plan.created", {"revision": 0, "steps": [
            {"step_id": "search", "title": "search"},
            {"step_id": "w", "title": "Write", "depends_on": ["search"]}]}),
        ("step.started", {"step_id": "search", "title": "Search"}),
        ("tool.called", {"call_id": "c1", "name": "find", "arguments": {"q": "k"},
                         "step_id": "search"}),
        ("tool.returned", {"call_id": "c1", "output": ["hit"]}),
        ("source.added", {"source_id": "s1", "kind": "url", "url": "https://e.example",
                          "title": "E", "cited": [{"start": 0, "end": 3}]}),
        ("step.completed", {"step_id": "search", "status": "succeeded"}),
        ("reasoning.delta", {"text": "hm"}),
        ("text.delta", {"text": "Hel"}),
        ("text.delta", {"text": "lo", "part": 1}),
        ("quality.checked", {"check": "spelling", "verdict": "pass", "score": 1.0}),
        ("run.waiting", {"for": "approval", "detail": "go?"}),
        ("x.progress", None),
        ("run.completed", {"answer": {"text": "Hello", "parts": [0, 1], "source_ids": ["s1"]},
                           "usage": {"tokens": 2}}),
    ]  # fmt: skip
    events = producer.events("run-1")
    assert [event["seq"] for event in events] == list(range(14))
    assert {event["producer_epoch"] for event in events} == {0}
    assert len({event["producer_id"] for event in events}) == 1
    assert all(isinstance(judge_value(canonical(event)), Event) for event in events)


async def test_the_barrier_says_where_to_read_on() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        run.text("a")
        flushed = await run.flush()
    assert flushed.events == 2
    assert flushed.next_offset == 2


@pytest.mark.parametrize(
    ("error", "event_type", "data"),
    [
        (ValueError("no\ud800"), "run.failed",
         {"error": {"type": "ValueError", "message": "no?"}}),
        (asyncio.CancelledError("stop"), "run.cancelled", {"reason": "stop"}),
        (KeyboardInterrupt(), "run.cancelled", {"reason": "KeyboardInterrupt"}),
    ],
)  # fmt: skip
async def test_leaving_by_an_exception_ends_the_run(
    error: BaseException, event_type: str, data: dict[str, Any]
) -> None:
    producer = CapturingProducer()
    with pytest.raises(type(error)):
        async with producer, producer.run(agent="a") as run, run.step("s"):
            raise error
    assert told(producer)[2] == (
        "step.completed",
        {"step_id": "s", "status": "failed", "error": str(error).replace("\ud800", "?")
         or type(error).__name__},
    )  # fmt: skip
    assert told(producer)[3:] == [(event_type, data)]


async def test_a_cancelled_task_leaves_a_cancelled_run() -> None:
    async with CapturingProducer() as producer:
        entered = asyncio.Event()

        async def agent() -> None:
            async with producer.run(agent="a"):
                entered.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(agent())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [kind for kind, _ in told(producer)] == ["run.started", "run.cancelled"]


async def test_leaving_without_an_end_claims_nothing() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        run.text("streamed")
    assert told(producer)[-1] == ("run.completed", {})


async def test_a_long_answer_is_claimed_by_length_and_digest() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        await run.complete("é" * 600_000)
    answer = told(producer)[-1][1]["answer"]
    assert answer["length"] == 600_000
    assert len(answer["sha256"]) == 64


async def test_a_tool_that_raises_returns_an_error() -> None:
    async with CapturingProducer() as producer:
        with pytest.raises(OSError, match="disk"):
            async with producer.run(agent="a") as run, run.tool("read"):
                raise OSError("disk")
    (_, called), (_, returned) = told(producer)[1:3]
    assert called["arguments"] is None
    assert returned == {"call_id": called["call_id"], "error": "disk"}


async def test_text_after_the_end() -> None:
    async with CapturingProducer() as producer:
        async with producer.run(agent="a") as run:
            await run.complete()
            with pytest.raises(RunEnded, match="start a new run"):
                run.text("more")
            with pytest.raises(RunEnded):
                await run.fail("again")
        with pytest.raises(RunEnded):
            await run.plan([])


async def test_steps_out_of_order() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        async with run.step("s"):
            with pytest.raises(StepMisuse, match="is running"):
                async with run.step("s"):
                    pass
        async with run.step("s") as again:
            await again.complete("succeeded", "better")
            with pytest.raises(StepMisuse, match="not running"):
                await again.complete()
        with pytest.raises(StepMisuse):
            await run.emit("step.completed", {"step_id": "other", "status": "failed"})
        await run.emit("step.completed", {"step_id": "other", "status": "skipped"})


async def test_plans_get_rising_revisions() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        await run.plan(["a"])
        await run.plan(["b"])
    assert [data["revision"] for kind, data in told(producer) if kind == "plan.created"] == [0, 1]


async def test_other_misuse_names_the_remedy() -> None:
    producer = CapturingProducer()
    with pytest.raises(NotOpen, match="async with"):
        producer.run(agent="a")
    async with producer:
        with pytest.raises(NotOpen, match="open already"):
            await producer.__aenter__()
        with pytest.raises(Misuse, match="must match"):
            producer.run(agent="a", run_id="../x")
        outside = producer.run(agent="a")
        with pytest.raises(Misuse, match="enter it first"):
            outside.text("a")
        async with producer.run(agent="a", run_id="one") as run:
            with pytest.raises(RunBusy, match="another handle"):
                await producer.run(agent="a", run_id="one").__aenter__()
            with pytest.raises(Misuse, match="answer="):
                await run.complete(source_ids=["s"])
            with pytest.raises(Misuse, match=r"tool\.called first"):
                await run.tool_returned("c9", 1)
    with pytest.raises(NotOpen, match="closed"):
        await run.emit("x.late", {})


async def test_a_refused_start_leaves_no_run_behind() -> None:
    async with CapturingProducer() as producer:
        with pytest.raises(EventRefused):
            async with producer.run(agent="a", tags={"k": "v" * 101}, run_id="r"):
                pass
        async with producer.run(agent="a", run_id="r"):
            pass
    assert [event["seq"] for event in producer.events("r")] == [0, 1]


async def test_waiting_for_room_and_failing_at_once() -> None:
    small = ProducerOptions(max_buffered_bytes=2_000)
    async with CapturingProducer(small) as producer, producer.run(agent="a") as run:
        for _ in range(50):
            await run.emit("x.fill", {"fill": "-" * 500})
        await run.ready()
    assert len(producer.events()) == 52


async def test_a_full_buffer_fails_at_once_where_that_was_chosen() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=400, when_full="fail"))
    run = RunHandle(bench.run(), None)
    await run.emit("x.fill", {"fill": "-" * 500})
    with pytest.raises(BufferFull):
        await run.emit("x.fill", {})
    bench.writer.answer_all()
    await run.emit("x.fill", {})


async def test_waiting_for_room_ends_with_the_deadline() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=400, answer_deadline_s=0.05))
    bench.outbox.monotonic = time.monotonic
    run = RunHandle(bench.run(), None)
    await run.emit("x.fill", {"fill": "-" * 500})
    with pytest.raises(BufferFull):
        await run.emit("x.fill", {})
    with pytest.raises(BufferFull):
        await run.ready()


async def test_many_runs_at_once_keep_their_own_order() -> None:
    async with CapturingProducer(ProducerOptions(merge_window_s=0.002)) as producer:

        async def agent(number: int) -> None:
            async with producer.run(agent="a", run_id=f"r{number}") as run:
                for token in range(50):
                    run.text(f"{token} ")
                    await asyncio.sleep(0)
                await run.complete("".join(f"{token} " for token in range(50)))

        await asyncio.gather(*(agent(number) for number in range(40)))
    for number in range(40):
        events = producer.events(f"r{number}")
        assert [event["seq"] for event in events] == list(range(len(events)))
        streamed = "".join(e["data"]["text"] for e in events if e["type"] == "text.delta")
        assert streamed == events[-1]["data"]["answer"]["text"]


async def test_a_producer_opens_again_under_another_id() -> None:
    producer = CapturingProducer()
    for run_id in ("r1", "r2"):
        async with producer, producer.run(agent="a", run_id=run_id):
            pass
    assert len({event["producer_id"] for event in producer.events()}) == 2


def test_another_event_loop_serves_as_well() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def agent() -> int:
        async with CapturingProducer() as producer, producer.run(agent="a") as run:
            run.text("a")
            return (await run.flush()).events

    assert uvloop.run(agent()) == 2


async def test_a_source_keeps_its_kind_when_more_is_said_of_it() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        await run.source("s", url="https://e.example")
        await run.source("s", cited=[(0, 3)])
        await run.source("s", kind="document")
        await run.source("new", title="N")
    kinds = [data["kind"] for event_type, data in told(producer) if event_type == "source.added"]
    assert kinds == ["url", "url", "document", "document"]


async def test_a_flush_does_not_wait_for_what_comes_after_it() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        talking = True

        async def talk() -> None:
            while talking:
                run.text("more ")
                await asyncio.sleep(0)

        task = asyncio.create_task(talk())
        for _ in range(20):
            await asyncio.wait_for(run.flush(), 5)
        talking = False
        await task
