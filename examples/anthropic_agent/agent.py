"""The agent's loop: messages, with the calls that they ask for between them."""

import json
from collections.abc import AsyncIterator

from anthropic import AsyncAnthropic
from anthropic.types import MessageParam, ToolParam, ToolResultBlockParam

from durable_streaming.producers import RunHandle
from examples.documentation import search

MODEL = "claude-sonnet-5-5"
SEARCH = ToolParam(
    name="search",
    description=search.__doc__ or "",
    input_schema={"type": "object", "properties": {"query": {"type": "string"}}},
)


async def answer(client: AsyncAnthropic, run: RunHandle, question: str) -> AsyncIterator[object]:
    """Give the events of all messages; what the tools gave is told to the run."""
    said: list[MessageParam] = [{"role": "user", "content": question}]
    while True:
        async with client.messages.stream(
            model=MODEL, max_tokens=1_024, messages=said, tools=[SEARCH]
        ) as stream:
            async for event in stream:
                yield event
            message = await stream.get_final_message()
        results: list[ToolResultBlockParam] = []
        for block in message.content:
            if block.type == "tool_use":
                found = search(str(block.input["query"]))
                await run.tool_returned(block.id, found)
                results.append(
                    {"type": "tool_result", "tool_use_id": block.id, "content": json.dumps(found)}
                )
        if not results:
            return
        said += [
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": results},
        ]
