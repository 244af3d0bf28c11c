"""Recorded chunks as the streams of the providers' own SDKs; the network is replaced, no more."""

import importlib
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pydantic
import pytest


def sdk(name: str) -> Any:
    """Import an SDK, or skip the test where it is not installed."""
    return pytest.importorskip(name)


async def openai_responses(chunks: Iterable[dict[str, Any]]) -> AsyncIterator[object]:
    openai = sdk("openai")
    async with openai.AsyncOpenAI(
        api_key="none", http_client=mocked(openai.DefaultAsyncHttpxClient, named_events(chunks))
    ) as client:
        async for event in await client.responses.create(model="m", input="i", stream=True):
            yield event


async def openai_chat(chunks: Iterable[dict[str, Any]]) -> AsyncIterator[object]:
    openai = sdk("openai")
    async with openai.AsyncOpenAI(
        api_key="none",
        http_client=mocked(openai.DefaultAsyncHttpxClient, unnamed_events(chunks)),
    ) as client:
        async for chunk in await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "i"}], stream=True
        ):
            yield chunk


async def anthropic_messages(chunks: Iterable[dict[str, Any]]) -> AsyncIterator[object]:
    anthropic = sdk("anthropic")
    async with (
        anthropic.AsyncAnthropic(
            api_key="none",
            http_client=mocked(anthropic.DefaultAsyncHttpxClient, named_events(chunks)),
        ) as client,
        # The helper that most agents use; between the wire's events it puts some of its own.
        client.messages.stream(
            model="m", max_tokens=1, messages=[{"role": "user", "content": "i"}]
        ) as stream,
    ):
        async for event in stream:
            yield event


async def anthropic_raw(chunks: Iterable[dict[str, Any]]) -> AsyncIterator[object]:
    """The wire's events alone; several messages may follow one another."""
    anthropic = sdk("anthropic")
    async with anthropic.AsyncAnthropic(
        api_key="none", http_client=mocked(anthropic.DefaultAsyncHttpxClient, named_events(chunks))
    ) as client:
        async for event in await client.messages.create(
            model="m", max_tokens=1, messages=[{"role": "user", "content": "i"}], stream=True
        ):
            yield event


async def gemini(chunks: Iterable[dict[str, Any]]) -> AsyncIterator[object]:
    types = sdk("google.genai.types")
    for chunk in chunks:
        yield types.GenerateContentResponse.model_validate(chunk)


async def google_interactions(chunks: Iterable[dict[str, Any]]) -> AsyncIterator[object]:
    """Events that this version of the SDK has no class for come as they are on the wire."""
    event: Any = sdk("google.genai.interactions").InteractionSSEEvent
    build: pydantic.TypeAdapter[object] = pydantic.TypeAdapter(event)
    for chunk in chunks:
        try:
            yield build.validate_python(chunk)
        except pydantic.ValidationError:
            yield chunk


STREAMS = {
    "openai-responses": openai_responses,
    "openai-chat": openai_chat,
    "anthropic-messages": anthropic_messages,
    "gemini": gemini,
    "google-interactions": google_interactions,
}


def named_events(chunks: Iterable[dict[str, Any]]) -> bytes:
    """Write chunks as server-sent events that have their type as their name."""
    return b"".join(
        f"event: {chunk['type']}\ndata: {json.dumps(chunk)}\n\n".encode() for chunk in chunks
    )


def unnamed_events(chunks: Iterable[dict[str, Any]]) -> bytes:
    """Write chunks as chat completions come over the wire."""
    lines = (b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    return b"".join(lines) + b"data: [DONE]\n\n"


def mocked(of: Any, body: bytes) -> Any:
    """Make a client of an SDK's own class that answers every request with the body."""
    # The SDK's own client class says which HTTP library it stands on.
    httpx = next(
        importlib.import_module(base.__module__.partition(".")[0])
        for base in of.__mro__
        if base.__module__.startswith("httpx")
    )

    def answer(_: Any) -> Any:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    return of(transport=httpx.MockTransport(answer))
