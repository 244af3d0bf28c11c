"""The examples of the frameworks, each on the framework itself."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.producers import CapturingProducer
from durable_streaming.schemas import decode

ANSWER = "Kafka keeps every event in its order."


def example(framework: str, module: str) -> Any:
    pytest.importorskip(framework)
    return importlib.import_module(module)


async def told(stream: Any) -> list[tuple[str, Any]]:
    async with CapturingProducer() as producer, producer.run(agent="a") as run:
        await run.follow(stream)
    return [(event["type"], event["data"]) for event in producer.events()][1:]


@pytest.mark.filterwarnings("default")
async def test_pydantic_ai() -> None:
    agent = example("pydantic_ai", "examples.pydantic_ai_agent.agent").agent
    async with agent.run_stream_events("Why Kafka?") as events:
        facts = await told(events)
    found = ["What the documentation says of kafka order."]
    assert facts[:-1] == [
        ("reasoning.delta", {"text": "I should look it up."}),
        ("tool.called",
         {"call_id": "call-a", "name": "search", "arguments": {"query": "kafka order"}}),
        ("tool.returned", {"call_id": "call-a", "output": found}),
        ("text.delta", {"text": "Kafka keeps "}),
        ("text.delta", {"text": "every event "}),
        ("text.delta", {"text": "in its order."}),
    ]  # fmt: skip
    kind, data = facts[-1]
    assert (kind, data["answer"]) == ("run.completed", {"text": ANSWER})
    assert data["usage"]["requests"] == 2


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("modes", [["messages", "updates", "custom"], ["updates", "custom"]])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_langgraph(modes: list[str], version: str) -> None:
    graph = example("langgraph", "examples.langgraph_agent.graph").graph
    asked = {"messages": [("user", "Why Kafka?")]}
    facts = await told(graph.astream(asked, stream_mode=modes, version=version))
    assert [data for kind, data in facts if kind.startswith("tool.")] == [
        {"call_id": "call-a", "name": "search", "arguments": {"query": "kafka order"}},
        {"call_id": "call-a", "output": "What the documentation says of kafka order."},
    ]
    steps = [data["step_id"] for kind, data in facts if kind == "step.completed"]
    assert steps == ["think", "search", "think"]
    assert ("x.langgraph", {"searching": "the documentation"}) in facts
    texts = [data["text"] for kind, data in facts if kind == "text.delta"]
    assert "".join(texts) == ANSWER
    assert len(texts) == (3 if "messages" in modes else 1)
    usage = {"input_tokens": 12, "output_tokens": 7, "total_tokens": 19}
    assert facts[-1] == ("run.completed", {"usage": usage})


@pytest.mark.filterwarnings("default")
async def test_langgraph_messages_alone() -> None:
    graph = example("langgraph", "examples.langgraph_agent.graph").graph
    facts = await told(graph.astream({"messages": [("user", "q")]}, stream_mode="messages"))
    assert [kind for kind, _ in facts] == [
        "tool.called", "tool.returned", "text.delta", "text.delta", "text.delta", "run.completed",
    ]  # fmt: skip


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("framework", "module"),
    [
        ("pydantic_ai", "examples.pydantic_ai_agent"),
        ("langgraph", "examples.langgraph_agent"),
        ("openai", "examples.openai_responses_agent"),
        ("openai", "examples.openai_chat_agent"),
        ("anthropic", "examples.anthropic_agent"),
        ("google.genai", "examples.gemini_agent"),
        ("ag_ui.core", "examples.ag_ui_agent"),
    ],
)
def test_the_example_publishes_a_run(
    framework: str, module: str, kafka_settings: KafkaSettings
) -> None:
    pytest.importorskip(framework)
    topics = kafka_settings.topics
    KafkaLog(kafka_settings).admin().ensure_topics(topics.specs(partitions=1))
    environment = {
        "DURABLE_KAFKA_BOOTSTRAP": kafka_settings.kafka_bootstrap,
        "DURABLE_TOPIC_PREFIX": kafka_settings.topic_prefix,
    }
    done = subprocess.run(
        [sys.executable, "-m", module, "Why?"],
        cwd=Path(__file__).parents[3], env=os.environ | environment, text=True,
        capture_output=True, check=True, timeout=50,
    )  # fmt: skip
    with KafkaLog(kafka_settings).reader({(topics.events, 0): 0}) as reader:
        events = [decode(record.value or b"") for record in reader.read(10)]
        while events[-1]["type"] != "run.completed":
            events += [decode(record.value or b"") for record in reader.read(10)]
    assert {event["run_id"] for event in events} == {done.stdout.strip()}
    deltas = [event["data"] for event in events if event["type"] == "text.delta"]
    last_part = max(delta.get("part", 0) for delta in deltas)
    answer = [delta["text"] for delta in deltas if delta.get("part", 0) == last_part]
    assert "".join(answer) == ANSWER
