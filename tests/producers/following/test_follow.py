"""What `run.follow` does besides picking the adapter: order, pace, ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import pytest

from durable_streaming.producers import (
    BufferFull,
    CapturingProducer,
    EventRefused,
    ProducerOptions,
    RunEnded,
    SyncCapturingProducer,
)
from durable_streaming.producers.adapters import ADAPTERS, UnknownStream
from tests.producers.adapters.replay import fixture, replay


def chat(text: str, **choice: Any) -> dict[str, Any]:
    return {
        "object": "chat.completion.chunk", "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}, **choice}],
    }  # fmt: skip


def types(producer: CapturingProducer | SyncCapturingProducer) -> list[str]:
    return [event["type"] for event in producer.events()]


@pytest.mark.parametrize("api", sorted(ADAPTERS))
async def test_recorded_chunks_are_followed_as_the_importer_reads_them(api: str) -> None:
    chunks = fixture(api)
    async with CapturingProducer() as producer:
        async with producer.run(agent="a") as run:
            await run.follow(iter(chunks))
        with pytest.raises(RunEnded):
            run.text("more")
    assert types(producer) == ["run.started", *(fact.type for fact in replay(chunks).facts)]


@pytest.mark.parametrize("api", sorted(ADAPTERS))
def test_the_synchronous_twin_follows_too(api: str) -> None:
    chunks = fixture(api)
    with SyncCapturingProducer() as producer, producer.run(agent="a") as run:
        run.follow(chunks)
    assert types(producer) == ["run.started", *(fact.type for fact in replay(chunks).facts)]


async def test_text_is_merged_as_the_agents_own() -> None:
    options = ProducerOptions(merge_window_s=0.05)
    async with CapturingProducer(options) as producer, producer.run(agent="a") as run:
        await run.follow(
            [chat("a"), *(chat(str(n)) for n in range(50)), chat("", finish_reason="stop")]
        )
    texts = [e["data"]["text"] for e in producer.events() if e["type"] == "text.delta"]
    assert "".join(texts) == "a" + "".join(str(n) for n in range(50))
    assert len(texts) < 10


async def test_a_chunk_is_told_before_the_next_one_comes() -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:

        async def stream() -> AsyncIterator[dict[str, Any]]:
            for number in range(3):
                yield chat(str(number))
                await asyncio.sleep(0)
                assert run.next_seq == number + 2

        await run.follow(stream())


async def test_a_synchronous_stream_does_not_hold_up_the_loop() -> None:
    def stream() -> Iterator[dict[str, Any]]:
        for number in range(3):
            time.sleep(0.1)
            yield chat(str(number))

    ticks = 0
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        following = asyncio.create_task(run.follow(stream()))
        while not following.done():
            ticks += 1
            await asyncio.sleep(0.01)
        await following
    assert ticks > 10


@pytest.mark.parametrize("chunks", [[], [chat("a")]])
async def test_a_stream_that_just_ends_is_cut(chunks: list[Any]) -> None:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        await run.follow(chunks)
    assert producer.events()[-1]["data"]["error"]["type"] == "cut"
    with SyncCapturingProducer() as sync, sync.run(agent="a") as again:
        again.follow(chunks)
    assert types(sync) == types(producer)


async def test_a_stream_that_breaks_leaves_and_ends_the_run_as_failed() -> None:
    async def stream() -> AsyncIterator[dict[str, Any]]:
        yield chat("a")
        raise ConnectionError("gone")

    producer = CapturingProducer()
    with pytest.raises(ConnectionError, match="gone"):
        async with producer, producer.run(agent="a") as run:
            await run.follow(stream())
    assert types(producer) == ["run.started", "text.delta", "run.failed"]


async def test_a_task_that_is_cancelled_ends_the_run_and_closes_the_stream() -> None:
    closed = False

    async def stream() -> AsyncIterator[dict[str, Any]]:
        nonlocal closed
        try:
            yield chat("a")
            await asyncio.sleep(60)
        finally:
            closed = True

    async with CapturingProducer() as producer:

        async def work() -> None:
            async with producer.run(agent="a", run_id="r1") as run:
                run.on_cancel(lambda _: working.cancel())
                await run.follow(stream())

        working = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        producer.request_cancel("r1")
        with pytest.raises(asyncio.CancelledError):
            await working
    assert closed
    assert types(producer) == ["run.started", "text.delta", "run.cancelled"]


async def test_what_is_no_stream_of_a_model_is_refused() -> None:
    async with CapturingProducer() as producer:
        for stream, api, error in (
            ([{"x": 1}], "auto", UnknownStream),
            ([chat("a")], "nobody", UnknownStream),
            (["data: {}"], "auto", TypeError),
            ([chat("\ud800")], "auto", EventRefused),
        ):
            with pytest.raises(error):
                async with producer.run(agent="a") as run:
                    await run.follow(stream, api=api)


@pytest.mark.parametrize("when_full", ["wait", "fail"])
async def test_a_full_buffer_is_waited_for_or_said(when_full: Literal["wait", "fail"]) -> None:
    options = ProducerOptions(max_buffered_bytes=4_000, merge_window_s=0, when_full=when_full)
    # More than fits into one event, so that several follow one another at once.
    chunks = [chat("x" * 1_000_000)]
    producer = CapturingProducer(options)
    if when_full == "fail":
        with pytest.raises(BufferFull):
            async with producer, producer.run(agent="a") as run:
                await run.follow(chunks)
        return
    async with producer, producer.run(agent="a") as run:
        await run.follow(chunks)
    texts = [e["data"]["text"] for e in producer.events() if e["type"] == "text.delta"]
    assert len(texts) > 1
    assert sum(map(len, texts)) == 1_000_000
