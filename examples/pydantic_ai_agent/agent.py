"""The agent, on a model whose two responses are recorded."""

from collections.abc import AsyncIterator

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import (
    AgentInfo,
    DeltaThinkingCalls,
    DeltaThinkingPart,
    DeltaToolCall,
    DeltaToolCalls,
    FunctionModel,
)

from examples.documentation import search

ANSWER = ("Kafka keeps ", "every event ", "in its order.")


async def recorded(
    messages: list[ModelMessage], _: AgentInfo
) -> AsyncIterator[str | DeltaToolCalls | DeltaThinkingCalls]:
    """Give the model's responses: first a call, then the answer."""
    if len(messages) == 1:
        yield {0: DeltaThinkingPart(content="I should look it up.")}
        yield {1: DeltaToolCall(name="search", json_args='{"query": ', tool_call_id="call-a")}
        yield {1: DeltaToolCall(json_args='"kafka order"}')}
        return
    for piece in ANSWER:
        yield piece


agent = Agent(FunctionModel(stream_function=recorded), tools=[search])
