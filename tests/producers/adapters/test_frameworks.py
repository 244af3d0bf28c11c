"""Streams of frameworks: what their events come to in a run."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest

from durable_streaming.producers.adapters import Fact, adapter_for, detect
from durable_streaming.producers.adapters.plain import plain

from .replay import bad_events, fixture


def told(api: str, *chunks: object) -> list[Fact]:
    adapter = adapter_for(api)
    facts = [fact for chunk in chunks for fact in adapter.feed(chunk)] + adapter.finish()
    assert bad_events(facts) == []
    return facts


def of(facts: list[Fact], kind: str) -> list[Any]:
    return [fact.data for fact in facts if fact.type == kind]


def part(at: int, kind: str, **members: Any) -> dict[str, Any]:
    return {"event_kind": "part_start", "index": at, "part": {"part_kind": kind, **members}}


def called(call_id: str) -> dict[str, Any]:
    call = {"tool_name": "t", "args": {"a": 1}, "tool_call_id": call_id, "part_kind": "tool-call"}
    return {"event_kind": "function_tool_call", "part": call}


def result(output: Any) -> dict[str, Any]:
    return {"event_kind": "agent_run_result", "result": {"output": output}}


def test_pydantic_ai_claims_the_text_of_the_last_response_only() -> None:
    facts = told(
        "pydantic-ai", part(0, "text", content="Let me see. "), called("c1"),
        part(0, "text", content="Kafka "), part(1, "text", content="keeps."),
        result("Kafka keeps."),
    )  # fmt: skip
    assert [data["part"] for data in of(facts, "text.delta")] == [0, 1, 2]
    assert facts[-1] == Fact("run.completed", {"answer": {"text": "Kafka keeps.", "parts": [1, 2]}})


def test_pydantic_ai_an_output_of_a_type_claims_no_text() -> None:
    assert told("pydantic-ai", part(0, "text", content="a"), result({"n": 1}))[-1].data == {}


@pytest.mark.parametrize(
    "back",
    [
        {"part_kind": "retry-prompt", "content": "wrong"},
        {"part_kind": "tool-return", "content": "wrong", "outcome": "failed"},
    ],
)
@pytest.mark.parametrize("member", ["part", "result"])
def test_pydantic_ai_a_call_to_be_retried_has_failed(back: dict[str, Any], member: str) -> None:
    event = {"event_kind": "function_tool_result", member: {**back, "tool_call_id": "c1"}}
    facts = told("pydantic-ai", called("c1"), event, result("x"))
    assert of(facts, "tool.returned") == [{"call_id": "c1", "error": "wrong"}]


def test_pydantic_ai_tools_of_the_provider() -> None:
    call = {"part_kind": "builtin-tool-call", "tool_name": "web", "args": '{"q":1}',
            "tool_call_id": "b1"}  # fmt: skip
    facts = told(
        "pydantic-ai", {"event_kind": "part_start", "index": 0, "part": call},
        {"event_kind": "part_end", "index": 0, "part": call},
        part(1, "builtin-tool-return", tool_call_id="b1", content=["hit"]), result("x"),
    )  # fmt: skip
    assert of(facts, "tool.called") == [{"call_id": "b1", "name": "web", "arguments": {"q": 1}}]
    assert of(facts, "tool.returned") == [{"call_id": "b1", "output": ["hit"]}]


def test_pydantic_ai_a_stream_without_result_is_cut() -> None:
    assert told("pydantic-ai", part(0, "text", content="a"))[-1].data["error"]["type"] == "cut"


def item(kind: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "ns": [], "data": data}


def message(text: Any, **members: Any) -> dict[str, Any]:
    return item("messages", [{"type": "AIMessageChunk", "id": "m", "content": text, **members}, {}])


def test_langgraph_items_of_each_form_are_the_same() -> None:
    class Message:
        def model_dump(self, **_: Any) -> dict[str, Any]:
            return {"type": "AIMessageChunk", "id": "m", "content": "a", "chunk_position": "last"}

    expected = told("langgraph", message("a", chunk_position="last"))
    forms: list[object] = [
        (Message(), {}),
        ("messages", (Message(), {})),
        (("outer:1",), "messages", (Message(), {})),
        {"type": "messages", "ns": (), "data": (Message(), {})},
    ]
    for form in forms:
        assert detect(form) == "langgraph"
        assert told("langgraph", form) == expected


def test_langgraph_an_open_message_is_cut() -> None:
    assert told("langgraph", message("a"))[-1].data["error"]["type"] == "cut"
    whole = item("updates", {"n": {"messages": {"type": "ai", "id": "m", "content": "a"}}})
    assert told("langgraph", message("a"), whole)[-1].type == "run.completed"


def test_langgraph_content_in_blocks() -> None:
    blocks = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "a"}, "x", None]
    facts = told("langgraph", message(blocks, chunk_position="last"))
    assert [fact.type for fact in facts] == ["reasoning.delta", "text.delta", "run.completed"]


def test_langgraph_an_interrupt_waits_and_the_run_stays_incomplete() -> None:
    facts = told("langgraph", item("updates", {"__interrupt__": [{"value": "ok?"}]}))
    assert [fact.type for fact in facts] == ["run.waiting", "run.failed"]
    assert facts[-1].data["error"] == {"type": "incomplete", "message": "interrupt"}


def test_langgraph_a_tool_that_failed() -> None:
    call = {"id": "c1", "name": "t", "args": "{}", "index": 0}
    failed = {"type": "tool", "tool_call_id": "c1", "status": "error", "content": "no"}
    facts = told(
        "langgraph", message("", tool_call_chunks=[call], chunk_position="last"),
        item("messages", [failed, {}]), item("updates", {"tools": {"messages": [failed]}}),
    )  # fmt: skip
    assert of(facts, "tool.returned") == [{"call_id": "c1", "error": "no"}]


def ag_ui(*events: dict[str, Any]) -> list[Fact]:
    return told("ag-ui", {"type": "RUN_STARTED", "threadId": "t", "runId": "r"}, *events)


def test_ag_ui_interrupt_cancellation_and_error() -> None:
    interrupt = {"type": "interrupt", "interrupts": [{"id": "i", "reason": "approval"}]}
    facts = ag_ui({"type": "RUN_FINISHED", "outcome": interrupt})
    assert facts[0] == Fact("run.waiting", {"for": "input", "detail": "approval"})
    assert facts[1].data["error"] == {"type": "incomplete", "message": "interrupt"}
    finished = {"type": "RUN_FINISHED", "outcome": {"type": "cancelled"}}
    assert ag_ui(finished)[-1].type == "run.cancelled"
    facts = ag_ui({"type": "RUN_ERROR", "message": "no", "code": "E1"})
    assert facts[-1].data["error"] == {"type": "E1", "message": "no"}
    assert ag_ui()[-1].data["error"]["type"] == "cut"


def test_ag_ui_the_whole_fixture() -> None:
    facts = told("ag-ui", *fixture("ag-ui"))
    assert [fact.type for fact in facts] == [
        "step.started", "reasoning.delta", "tool.called", "tool.returned", "step.completed",
        "text.delta", "text.delta", "tool.called", "text.delta", "run.completed",
    ]  # fmt: skip
    assert of(facts, "tool.returned") == [{"call_id": "c1", "output": ["a hit"]}]
    assert of(facts, "tool.called")[1] == {"call_id": "c2", "name": "note", "arguments": {"n": 1}}
    assert [data["part"] for data in of(facts, "text.delta")] == [0, 0, 1]
    assert facts[-1].data == {"usage": {"inputTokens": 5, "outputTokens": 3}}


def test_ag_ui_a_result_without_a_call_is_left_out() -> None:
    stray = {"type": "TOOL_CALL_RESULT", "messageId": "m", "toolCallId": "x", "content": "hit"}
    assert of(ag_ui(stray), "tool.returned") == []


def test_anything_becomes_json() -> None:
    class Colour(Enum):
        RED = "red"

    @dataclass
    class Thing:
        colour: Colour
        when: datetime
        _secret: str = "s"

    deep: Any = "end"
    for _ in range(200):
        deep = [deep]
    value = {1: Thing(Colour.RED, datetime(2026, 1, 2, tzinfo=UTC)), "n": (float("nan"), 2**64),
             "b": b"x", "none": None, "yes": True}  # fmt: skip
    assert plain(value) == {
        "1": {"colour": "red", "when": "2026-01-02T00:00:00+00:00"},
        "n": ["nan", str(2**64)], "b": "b'x'", "none": None, "yes": True,
    }  # fmt: skip
    assert isinstance(plain(deep), list)
