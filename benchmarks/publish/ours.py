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
            await (_emit(runs, count) if way == "events" else _stream(runs, count))
            await producer.flush()


async def _stream(runs: Sequence[RunHandle], count: int) -> None:
    for done, (number, text) in enumerate(tokens(count)):
        runs[number].text(text)
        if done % _TURN_EVERY == 0:
            await runs[number].ready()


async def _emit(runs: Sequence[RunHandle], count: int) -> None:
    for number, text in tokens(count):
        await runs[number].emit("x.token", {"text": text})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[3])))
