"""The agent's loop: responses, with the calls that they ask for between them."""

import json
from collections.abc import AsyncIterator

from openai import AsyncOpenAI
from openai.types.responses import (
    FunctionToolParam,
    ResponseFunctionToolCall,
    ResponseInputParam,
    ResponseStreamEvent,
)

from durable_streaming.producers import RunHandle
from examples.documentation import search

MODEL = "gpt-5"
SEARCH = FunctionToolParam(
    type="function",
    name="search",
    description=search.__doc__,
    parameters={"type": "object", "properties": {"query": {"type": "string"}}},
    strict=False,
)


async def answer(
    client: AsyncOpenAI, run: RunHandle, question: str
) -> AsyncIterator[ResponseStreamEvent]:
    """Give the events of all responses; what the tools gave is told to the run."""
    said: ResponseInputParam = [{"role": "user", "content": question}]
    while True:
        calls: list[ResponseFunctionToolCall] = []
        async for event in await client.responses.create(
            model=MODEL, input=said, tools=[SEARCH], stream=True
        ):
            yield event
            if event.type == "response.output_item.done" and event.item.type == "function_call":
                calls.append(event.item)
        if not calls:
            return
        for call in calls:
            found = search(**json.loads(call.arguments))
            await run.tool_returned(call.call_id, found)
            output = json.dumps(found)
            said += [
                {
                    "type": "function_call", "call_id": call.call_id, "name": call.name,
                    "arguments": call.arguments,
                },
                {"type": "function_call_output", "call_id": call.call_id, "output": output},
            ]  # fmt: skip
