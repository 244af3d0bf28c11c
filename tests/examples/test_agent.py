"""Runs of the guide, published through the real SDK into a log in memory."""

import json
from typing import Any

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.producers import AgentProducer
from durable_streaming.schemas import Topics
from examples.kafka_guide.agent import PLAN
from examples.kafka_guide.fleet import Progress, run_fleet
from examples.kafka_guide.index import Index
from examples.kafka_guide.pace import Pace, tokens
from examples.kafka_guide.settings import GuideSettings

TOPICS = Topics()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(TOPICS.specs(partitions=1))


def events_of(log: MemoryLog, run_id: str) -> list[dict[str, Any]]:
    records = log.topic(TOPICS.events).partition(0)
    return [json.loads(record.value or b"") for record in records if record.key == run_id.encode()]


async def test_a_run_tells_plan_search_sources_answer_and_checks(
    log: MemoryLog, small_index: Index
) -> None:
    told: list[Progress] = []
    question = "What does safety=high mean?"
    async with AgentProducer(log=log) as producer:
        (outcome,) = await run_fleet(producer, [question], small_index, on_progress=told.append)
    assert outcome.answer is not None
    events = events_of(log, outcome.run_id)
    assert [event["seq"] for event in events] == list(range(len(events)))

    data: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        data.setdefault(event["type"], []).append(event["data"])
    assert data["run.started"][0]["title"] == question
    assert [step["step_id"] for step in data["plan.created"][0]["steps"]] == list(PLAN)
    assert [step["step_id"] for step in data["step.completed"]] == list(PLAN)
    assert {step["status"] for step in data["step.completed"]} == {"succeeded"}
    assert data["tool.returned"][0]["output"][0]["entry_id"] == "producerconfigs_safety"

    streamed = "".join(delta["text"] for delta in data["text.delta"])
    claimed = data["run.completed"][0]["answer"]
    assert streamed == claimed["text"] == outcome.answer.text
    assert "The writer waits for every copy" in streamed
    assert {source["source_id"] for source in data["source.added"]} == set(claimed["source_ids"])
    cited = [span for source in data["source.added"] for span in source.get("cited", [])]
    text = small_index.entry("producerconfigs_safety").text
    assert all(streamed[span["start"] : span["end"]] in text for span in cited)
    assert {check["verdict"] for check in data["quality.checked"]} == {"pass"}

    assert [progress.stage for progress in told] == ["started", *PLAN, "completed"]
    assert told[-1].events == len(events)


async def test_a_question_that_finds_nothing_is_answered_so(
    log: MemoryLog, small_index: Index
) -> None:
    async with AgentProducer(log=log) as producer:
        (outcome,) = await run_fleet(producer, ["How do I fry an egg?"], small_index)
    assert outcome.answer is not None
    assert outcome.answer.source_ids == ()
    assert [check.verdict for check in outcome.answer.checks] == ["warn", "warn", "fail"]
    assert events_of(log, outcome.run_id)[-1]["type"] == "run.completed"


async def test_a_fleet_keeps_order_and_one_failure_to_itself(
    log: MemoryLog, small_index: Index, unused_tcp_port: int
) -> None:
    questions = ["What does safety=high mean?", "How long is a record kept?"]
    async with AgentProducer(log=log) as producer:
        outcomes = await run_fleet(producer, questions, small_index, concurrency=1)
        assert [outcome.question for outcome in outcomes] == questions
        nobody = GuideSettings.model_validate(
            {"openai_base_url": f"http://127.0.0.1:{unused_tcp_port}/v1"}
        )
        failed = await run_fleet(producer, questions, small_index, settings=nobody)
    assert all(outcome.answer is None and outcome.error for outcome in failed)
    last = events_of(log, failed[0].run_id)[-1]
    assert last["type"] == "run.failed"
    assert last["data"]["error"]["type"] == "ModelUnavailable"


def test_tokens_lose_nothing() -> None:
    text = " two  words\n\nand a line\n"
    assert "".join(tokens(text)) == text
    assert len(list(tokens(text))) == 6


async def test_pace_is_kept_without_catching_up() -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    pace = Pace(100)
    begun = loop.time()
    for _ in range(20):
        await pace.wait()
    assert 0.18 <= loop.time() - begun < 3.0
    with pytest.raises(ValueError, match="above 0"):
        Pace(0)
