"""Ask the graph: `python -m examples.langgraph_agent "Why Kafka?"`."""

import asyncio
import sys

from langchain_core.messages import HumanMessage
from langgraph.graph import MessagesState

from durable_streaming.producers import AgentProducer

from .graph import graph


async def main(question: str) -> None:
    """Publish one run."""
    asked = MessagesState(messages=[HumanMessage(question)])
    async with (
        AgentProducer() as producer,
        producer.run(agent="langgraph-example", title=question) as run,
    ):
        print(run.run_id)
        await run.follow(graph.astream(asked, stream_mode=["messages", "updates", "custom"]))


asyncio.run(main(" ".join(sys.argv[1:]) or "Why Kafka?"))
