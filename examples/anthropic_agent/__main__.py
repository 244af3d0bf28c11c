"""Ask the agent: `python -m examples.anthropic_agent "Why Kafka?"`."""

import asyncio
import sys
from pathlib import Path

from anthropic import AsyncAnthropic

from durable_streaming.producers import AgentProducer
from examples.replay import replaying

from .agent import answer


async def main(question: str) -> None:
    """Publish one run."""
    with replaying(Path(__file__).parent / "recorded") as base_url:
        async with (
            AsyncAnthropic(base_url=base_url, api_key="none") as client,
            AgentProducer() as producer,
            producer.run(agent="anthropic-example", title=question) as run,
        ):
            print(run.run_id)
            await run.follow(answer(client, run, question))


asyncio.run(main(" ".join(sys.argv[1:]) or "Why Kafka?"))
