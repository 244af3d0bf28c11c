"""Ask the agent: `python -m examples.pydantic_ai_agent "Why Kafka?"`."""

import asyncio
import sys

from durable_streaming.producers import AgentProducer

from .agent import agent


async def main(question: str) -> None:
    """Publish one run."""
    async with (
        AgentProducer() as producer,
        producer.run(agent="pydantic-ai-example", title=question) as run,
        agent.run_stream_events(question) as events,
    ):
        print(run.run_id)
        await run.follow(events)


asyncio.run(main(" ".join(sys.argv[1:]) or "Why Kafka?"))
