"""Ask the agent: `python -m examples.ag_ui_agent "Why Kafka?"`."""

import asyncio
import sys

from durable_streaming.producers import AgentProducer

from .agent import answer


async def main(question: str) -> None:
    """Publish one run."""
    async with (
        AgentProducer() as producer,
        producer.run(agent="ag-ui-example", title=question) as run,
    ):
        print(run.run_id)
        await run.follow(answer(question))


asyncio.run(main(" ".join(sys.argv[1:]) or "Why Kafka?"))
