"""The examples on the providers' own SDKs: two responses and a call between them are one run."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import examples
from durable_streaming.producers import CapturingProducer
from examples.replay import replaying

ANSWER = ("Kafka keeps ", "every event ", "in its order.")
FOUND = ["What the documentation says of kafka order."]
CALL = {"call_id": "call-a", "name": "search", "arguments": {"query": "kafka order"}}
CALLED = ("tool.called", CALL)
RETURNED = ("tool.returned", {"call_id": "call-a", "output": FOUND})


def text(part: int = 0) -> list[tuple[str, Any]]:
    of_part = {"part": part} if part else {}
    return [("text.delta", {"text": piece, **of_part}) for piece in ANSWER]


async def told(
    sdk_name: str, example: str, make_client: Callable[[Any, str], Any]
) -> list[tuple[str, Any]]:
    """Give what the agent's run says; `make_client` makes one of the SDK for a base URL."""
    sdk = pytest.importorskip(sdk_name)
    answer = importlib.import_module(f"examples.{example}.agent").answer
    with replaying(Path(examples.__path__[0]) / example / "recorded") as base_url:
        async with (
            make_client(sdk, base_url) as client,
            CapturingProducer() as producer,
            producer.run(agent="a") as run,
        ):
            known = {"client": client, "run": run, "question": "Why Kafka?"}
            asked_for = inspect.signature(answer).parameters
            await run.follow(answer(**{name: known[name] for name in asked_for}))
    return [(event["type"], event["data"]) for event in producer.events()][1:]


def openai_client(openai: Any, base_url: str) -> Any:
    return openai.AsyncOpenAI(base_url=base_url, api_key="none")


@pytest.mark.filterwarnings("default")
async def test_openai_responses() -> None:
    facts = await told("openai", "openai_responses_agent", openai_client)
    usage = {"input_tokens": 42, "output_tokens": 16, "total_tokens": 58}
    assert facts == [
        ("reasoning.delta", {"text": "I should look it up."}),
        CALLED, RETURNED, *text(),
        ("run.completed", {"answer": {"text": "".join(ANSWER)}, "usage": usage}),
    ]  # fmt: skip


@pytest.mark.filterwarnings("default")
async def test_openai_chat() -> None:
    facts = await told("openai", "openai_chat_agent", openai_client)
    usage = {"prompt_tokens": 42, "completion_tokens": 16, "total_tokens": 58}
    assert facts == [CALLED, RETURNED, *text(), ("run.completed", {"usage": usage})]


@pytest.mark.filterwarnings("default")
async def test_anthropic() -> None:
    facts = await told(
        "anthropic",
        "anthropic_agent",
        lambda sdk, url: sdk.AsyncAnthropic(base_url=url, api_key="none"),
    )
    assert facts == [
        ("text.delta", {"text": "I should look it up. "}),
        CALLED, RETURNED, *text(part=1),
        ("run.completed", {"usage": {"input_tokens": 42, "output_tokens": 16}}),
    ]  # fmt: skip


@pytest.mark.filterwarnings("default")
async def test_gemini() -> None:
    """A call has no id here, so it is given one, which its result finds by the name."""
    facts = await told(
        "google.genai",
        "gemini_agent",
        lambda sdk, url: sdk.Client(api_key="none", http_options={"base_url": url}).aio,
    )
    usage = {"promptTokenCount": 42, "candidatesTokenCount": 16, "totalTokenCount": 58}
    assert facts == [
        ("reasoning.delta", {"text": "I should look it up."}),
        ("tool.called", CALL | {"call_id": "call-1"}),
        ("tool.returned", {"call_id": "call-1", "output": {"result": FOUND}}),
        *text(),
        ("run.completed", {"usage": usage}),
    ]


async def test_ag_ui() -> None:
    pytest.importorskip("ag_ui.core")
    answer = importlib.import_module("examples.ag_ui_agent.agent").answer
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        await run.follow(answer("Why Kafka?"))
    facts = [(event["type"], event["data"]) for event in producer.events()][1:]
    assert facts == [
        ("step.started", {"step_id": "search"}),
        CALLED, RETURNED,
        ("step.completed", {"step_id": "search", "status": "succeeded"}),
        *text(), ("run.completed", {}),
    ]  # fmt: skip
