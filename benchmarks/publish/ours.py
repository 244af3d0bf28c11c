"""`python -m benchmarks.publish.ours deltas|tokens|events TOPIC COUNT`: the SDK, three ways."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from durable_streaming.producers import AgentProducer, ProducerOptions, RunHandle

from .meter import Meter
from .tokens import run_ids, tokens

# As an agent's loop does, for which the other tasks of its process must have their turn.
_TURN_EVERY = 100
# While much is unanswered the SDK merges whatever its window, and this one must not.
_FLUSH_EVERY = 10_000


async def main(way: str, count: int) -> None:
    """Publish `count` tokens; the block ends when all is stored, and fails if anything is not."""
    window_s = ProducerOptions().merge_window_s if way == "tokens" else 0.0
    options = ProducerOptions(merge_window_s=window_s, check_takeover=False)
    async with AgentProducer(options=options) as producer, AsyncExitStack() as stack:
        runs = [
            await stack.enter_async_context(producer.run(agent="benchmark", run_id=run_id))
            for run_id in run_ids()
        ]
        await producer.flush()
        with Meter(count):
            if way == "events":
                await _emit(producer, runs, count)
            else:
                await _stream(producer, runs, count, merges=way == "tokens")
            await producer.flush()
        events = sum(run.next_seq for run in runs) - len(runs)
        if way != "tokens" and events != count:
            raise SystemExit(f"{count} tokens became {events} events")


async def _stream(
    producer: AgentProducer, runs: Sequence[RunHandle], count: int, *, merges: bool
) -> None:
    for done, (number, text) in enumerate(tokens(count)):
        runs[number].text(text)
        if done % _TURN_EVERY == 0:
            await runs[number].ready()
        if done % _FLUSH_EVERY == 0 and not merges:
            await producer.flush()


async def _emit(producer: AgentProducer, runs: Sequence[RunHandle], count: int) -> None:
    for done, (number, text) in enumerate(tokens(count)):
        await runs[number].emit("x.token", {"text": text})
        if done % _FLUSH_EVERY == 0:
            await producer.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[3])))
