"""Recorded responses through pydantic-ai's own models: its events tell what was recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from durable_streaming.producers import CapturingProducer
from tests.producers.adapters.replay import read_lines
from tests.producers.adapters.test_recordings import FOLDER, MANIFEST

from .sdks import mocked, named_events, sdk, unnamed_events

# The framework fails on this one: it reads an item that this provider leaves out.
_BEYOND_IT = {"xai/responses-web-search.jsonl"}
# It would call these itself, and ask the model again with what they gave.
_FUNCTIONS = {"function_call", "tool_use", "function"}


def fits(entry: dict[str, Any]) -> bool:
    """Say whether the recording is one whole response, which the framework asks for once."""
    expected = entry["expected"]
    return (
        entry["api"] in MODELS
        and entry["file"] not in _BEYOND_IT
        and expected["status"] == "completed"
        # The framework reads deltas alone.
        and expected["delta_text_equals_final"] is not False
        and not expected.get("approval_requests")
        and not any(call["kind"] in _FUNCTIONS for call in expected["tool_calls"])
    )


def responses(chunks: list[dict[str, Any]]) -> Any:
    models = sdk("pydantic_ai.models.openai")
    return models.OpenAIResponsesModel("m", provider=_openai(named_events(chunks)))


def chat(chunks: list[dict[str, Any]]) -> Any:
    models = sdk("pydantic_ai.models.openai")
    return models.OpenAIChatModel("m", provider=_openai(unnamed_events(chunks)))


def messages(chunks: list[dict[str, Any]]) -> Any:
    anthropic, models = sdk("anthropic"), sdk("pydantic_ai.models.anthropic")
    client = anthropic.AsyncAnthropic(
        api_key="none", http_client=mocked(anthropic.DefaultAsyncHttpxClient, named_events(chunks))
    )
    provider = sdk("pydantic_ai.providers.anthropic").AnthropicProvider(anthropic_client=client)
    return models.AnthropicModel("m", provider=provider)


def _openai(body: bytes) -> Any:
    openai = sdk("openai")
    client = openai.AsyncOpenAI(
        api_key="none", http_client=mocked(openai.DefaultAsyncHttpxClient, body)
    )
    return sdk("pydantic_ai.providers.openai").OpenAIProvider(openai_client=client)


MODELS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "openai-responses": responses,
    "openai-chat": chat,
    "anthropic-messages": messages,
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=entry["file"]) for entry in MANIFEST if fits(entry)]
)
async def test_the_text_is_what_was_recorded(entry: dict[str, Any]) -> None:
    model = MODELS[entry["api"]](read_lines(FOLDER / entry["file"]))
    agent = sdk("pydantic_ai").Agent(model)
    async with (
        CapturingProducer() as producer,
        producer.run(agent="a") as run,
        agent.run_stream_events("q") as events,
    ):
        await run.follow(events)
    told = producer.events()
    parts: dict[int, str] = {}
    for event in told:
        if event["type"] == "text.delta":
            part = event["data"].get("part", 0)
            parts[part] = parts.get(part, "") + event["data"]["text"]
    text = "".join(parts[part] for part in sorted(parts))
    assert text == entry["expected"]["text"]
    assert told[-1]["type"] == "run.completed"
    answer = told[-1]["data"]["answer"]
    standing = answer.get("parts", sorted(parts))
    assert answer["text"] == "".join(parts[part] for part in standing)


def test_enough_recordings_fit() -> None:
    assert not MANIFEST or sum(map(fits, MANIFEST)) >= 15
