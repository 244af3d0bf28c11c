"""The agent's loop: completions, with the calls that they ask for between them."""

import json
from collections.abc import AsyncIterator
from typing import Any

from openai import AsyncOpenAI
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk, ChatCompletionFunctionToolParam

from durable_streaming.producers import RunHandle
from examples.documentation import search

MODEL = "gpt-5"
SEARCH = ChatCompletionFunctionToolParam(
    type="function",
    function={
        "name": "search",
        "description": search.__doc__ or "",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
    },
)


async def answer(
    client: AsyncOpenAI, run: RunHandle, question: str
) -> AsyncIterator[ChatCompletionChunk]:
    """Give the chunks of all completions; what the tools gave is told to the run."""
    said: list[Any] = [{"role": "user", "content": question}]
    while True:
        state = ChatCompletionStreamState()
        async for chunk in await client.chat.completions.create(
            model=MODEL,
            messages=said,
            tools=[SEARCH],
            stream=True,
            stream_options={"include_usage": True},
        ):
            yield chunk
            state.handle_chunk(chunk)
        message = state.get_final_completion().choices[0].message
        if not message.tool_calls:
            return
        said.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            found = search(**json.loads(call.function.arguments))
            await run.tool_returned(call.id, found)
            said.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(found)})
