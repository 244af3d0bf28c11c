"""The agent's loop: responses, with the calls that they ask for between them."""

from collections.abc import AsyncIterator

from google.genai.client import AsyncClient
from google.genai.types import (
    AutomaticFunctionCallingConfig,
    Candidate,
    Content,
    ContentListUnion,
    FunctionCall,
    GenerateContentConfig,
    GenerateContentResponse,
    Part,
    UserContent,
)

from examples.documentation import search

MODEL = "gemini-3.8-flash"
CONFIG = GenerateContentConfig(
    tools=[search], automatic_function_calling=AutomaticFunctionCallingConfig(disable=True)
)


async def answer(client: AsyncClient, question: str) -> AsyncIterator[GenerateContentResponse]:
    """Give the chunks of all responses, and between them what the tools gave."""
    said: list[Content] = [UserContent(question)]
    while True:
        calls: list[FunctionCall] = []
        contents: ContentListUnion = [*said]
        async for chunk in await client.models.generate_content_stream(
            model=MODEL, contents=contents, config=CONFIG
        ):
            yield chunk
            calls += chunk.function_calls or []
            said += [c.content for c in chunk.candidates or [] if c.content is not None]
        if not calls:
            return
        found = Content(role="user", parts=[_execute(call) for call in calls])
        yield GenerateContentResponse(candidates=[Candidate(content=found)])
        said.append(found)


def _execute(call: FunctionCall) -> Part:
    found = search(**(call.args or {}))
    return Part.from_function_response(name=call.name or "", response={"result": found})
