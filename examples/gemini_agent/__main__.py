"""Ask the agent: `python -m examples.gemini_agent "Why Kafka?"`."""

import asyncio
import sys
from pathlib import Path

from google.genai import Client

from durable_streaming.producers import AgentProducer
from examples.replay import replaying

from .agent import answer


async def main(question: str) -> None:
    """Publish one run."""
    with replaying(Path(__file__).parent / "recorded") as base_url:
        async with (
            Client(api_key="none", http_options={"base_url": base_url}).aio as client,
            AgentProducer() as producer,
            producer.run(agent="gemini-example", title=question) as run,
        ):
            print(run.run_id)
            await run.follow(answer(client, question))


asyncio.run(main(" ".join(sys.argv[1:]) or "Why Kafka?"))
