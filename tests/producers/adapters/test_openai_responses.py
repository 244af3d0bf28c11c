"""The Responses API: parts, calls in order, citations, and what the final object claims."""

import hashlib
from typing import Any

import pytest

from durable_streaming.producers.adapters import Fact, OpenAIResponses

from .replay import fixture, replay

API = OpenAIResponses.api


def _delta(text: str, at: int = 0, part: int = 0) -> dict[str, Any]:
    kind = "response.output_text.delta"
    return {"type": kind, "output_index": at, "content_index": part, "delta": text}


def _message(*texts: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "role": "assistant", "content": content}


def _end(*output: dict[str, Any], kind: str = "completed", **response: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "response": {"output": list(output), **response}}


def test_fixture() -> None:
    run = replay(fixture(API))
    assert run.model == "example-model"
    assert run.facts == [
        Fact("reasoning.delta", {"text": "Look it up.", "part": 0}),
        Fact(
            "tool.called",
            {
                "call_id": "ws_1",
                "name": "web_search",
                "arguments": {"type": "search", "query": "kafka offsets"},
            },
        ),
        Fact(
            "tool.returned",
            {
                "call_id": "ws_1",
                "output": {"sources": [{"type": "url", "url": "https://example.org/a"}]},
            },
        ),
        Fact(
            "source.added",
            {"source_id": "https://example.org/a", "kind": "url", "url": "https://example.org/a"},
        ),
        Fact("tool.called", {"call_id": "mcp_1", "name": "lookup", "arguments": {"key": "acks"}}),
        Fact("tool.returned", {"call_id": "mcp_1", "output": "all"}),
        Fact("text.delta", {"text": "📖 Kafka ", "part": 0}),
        Fact("text.delta", {"text": "keeps offsets. ", "part": 0}),
        Fact("text.delta", {"text": "See A.", "part": 1}),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/a",
                "kind": "url",
                "url": "https://example.org/a",
                "title": "A",
                "cited": [{"start": 27, "end": 28}],
            },
        ),
        Fact(
            "run.completed",
            {
                "answer": {"text": "📖 Kafka keeps offsets. See A."},
                "usage": {"input_tokens": 3, "output_tokens": 9, "total_tokens": 12},
            },
        ),
    ]
    assert run.text[27:28] == "A"


def test_a_call_is_told_while_its_tool_runs() -> None:
    adapter = OpenAIResponses()
    for chunk in fixture(API)[:8]:
        adapter.feed(chunk)
    told = adapter.feed(fixture(API)[8])
    assert [fact.type for fact in told] == ["tool.called"]


def _item(at: int, state: str, call_id: str, arguments: str) -> dict[str, Any]:
    call = {"type": "function_call", "call_id": call_id, "name": "f", "arguments": arguments}
    return {"type": f"response.output_item.{state}", "output_index": at, "item": call}


def test_calls_keep_the_order_in_which_they_began() -> None:
    arguments_done = "response.function_call_arguments.done"
    chunks = [
        _item(0, "added", "call_a", ""),
        _item(1, "added", "call_b", ""),
        {"type": arguments_done, "output_index": 1, "arguments": '{"n": 2}'},
        _item(1, "done", "call_b", '{"n": 2}'),
        _delta("meanwhile", 2),
        _item(0, "done", "call_a", '{"n": 1}'),
    ]
    adapter = OpenAIResponses()
    facts = [[fact.type for fact in adapter.feed(chunk)] for chunk in chunks]
    assert facts == [[], [], [], [], ["text.delta"], ["tool.called", "tool.called"]]
    run = replay(chunks)
    assert [call["call_id"] for call in run.of("tool.called")] == ["call_a", "call_b"]


def test_a_call_behind_one_that_was_cut_is_told_at_the_end() -> None:
    run = replay([_item(0, "added", "call_a", ""), _item(1, "done", "call_b", "{}")])
    assert [call["call_id"] for call in run.of("tool.called")] == ["call_b"]


def test_an_item_that_is_done_twice_is_told_once() -> None:
    chunks = fixture(API)
    once = [*chunks[:10], chunks[-1]]
    assert replay([*chunks[:6], chunks[5], *chunks[6:10], chunks[9], chunks[-1]]) == replay(once)


def test_empty_text_makes_no_part() -> None:
    assert replay([_delta("", 0), _delta("A", 1)]).of("text.delta") == [{"text": "A", "part": 0}]


def test_a_call_that_was_cut_was_never_made() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}
    added = {"type": "response.output_item.added", "output_index": 0, "item": call}
    run = replay([added])
    assert [fact.type for fact in run.facts] == ["run.failed"]
    assert run.status == "cut"


def test_a_call_that_only_the_final_object_has_is_told() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    run = replay([_end(call)])
    assert run.of("tool.called") == [{"call_id": "c", "name": "f", "arguments": {}}]


@pytest.mark.parametrize(
    ("item", "called", "returned"),
    [
        (
            {"type": "code_interpreter_call", "id": "i", "code": "1", "outputs": None},
            {"call_id": "i", "name": "code_interpreter", "arguments": {"code": "1"}},
            {"call_id": "i", "output": {"status": "completed"}},
        ),
        (
            {"type": "custom_tool_call", "call_id": "i", "name": "grep", "input": '{"raw": 1}'},
            {"call_id": "i", "name": "grep", "arguments": '{"raw": 1}'},
            None,
        ),
        (
            {"type": "mcp_call", "id": "i", "name": "f", "arguments": "{}", "error": "refused"},
            {"call_id": "i", "name": "f", "arguments": {}},
            {"call_id": "i", "error": "refused"},
        ),
        (
            {"type": "mcp_call", "id": "i", "name": "f", "error": {"message": "no route"}},
            {"call_id": "i", "name": "f", "arguments": {}},
            {"call_id": "i", "error": "no route"},
        ),
        (
            {"type": "web_search_call", "id": "i", "status": "failed"},
            {"call_id": "i", "name": "web_search", "arguments": {}},
            {"call_id": "i", "error": "failed"},
        ),
        (
            {"type": "computer_call", "id": "x", "call_id": "i", "action": {"type": "wait"}},
            {"call_id": "i", "name": "computer", "arguments": {"type": "wait"}},
            None,
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "type" in value else "",
)
def test_kinds_of_calls(
    item: dict[str, Any], called: dict[str, Any], returned: dict[str, Any] | None
) -> None:
    run = replay([{"type": "response.output_item.done", "output_index": 0, "item": item}])
    assert run.of("tool.called") == [called]
    assert run.of("tool.returned") == ([returned] if returned else [])


def test_file_search_results_are_sources() -> None:
    result = {"file_id": "file-1", "filename": "a.pdf", "text": "excerpt", "score": 0.5}
    item = {"type": "file_search_call", "id": "i", "queries": ["q"], "results": [result]}
    run = replay([{"type": "response.output_item.done", "output_index": 0, "item": item}])
    assert run.of("source.added") == [
        {"source_id": "file-1", "kind": "document", "title": "a.pdf", "snippet": "excerpt"}
    ]


def test_approval_waits() -> None:
    item = {"type": "mcp_approval_request", "name": "pay", "server_label": "s", "arguments": "{}"}
    chunk = {"type": "response.output_item.done", "output_index": 0, "item": item}
    run = replay([chunk, _end(item)])
    assert run.of("run.waiting") == [{"for": "approval", "detail": "pay of s: {}"}]
    assert run.end == Fact("run.completed", {"answer": {"text": ""}})


def test_lost_deltas_show_in_the_claim() -> None:
    run = replay([_delta("Hel"), _end(_message("Hello"))])
    assert run.text == "Hel"
    assert run.end.data["answer"] == {"text": "Hello"}


def test_a_part_that_never_streamed_is_claimed_as_empty() -> None:
    run = replay([_delta("A"), _end(_message("A"), _message("B"))])
    assert run.end.data["answer"] == {"text": "AB", "parts": [0, 1]}


def test_a_claim_for_some_parts_names_them() -> None:
    run = replay([_delta("draft", 0), _delta("answer", 1), _end({}, _message("answer"))])
    assert run.end.data["answer"] == {"text": "answer", "parts": [1]}


def test_positions_may_move_in_the_final_object() -> None:
    run = replay([_delta("A", 3), _end(_message("A"))])
    assert run.end.data["answer"] == {"text": "A"}


def test_an_empty_output_claims_nothing() -> None:
    run = replay([_delta("A"), _end()])
    assert run.end == Fact("run.completed", {})


def test_long_answers_are_claimed_by_hash() -> None:
    text = "é" * 200_000
    run = replay([_delta(text), _end(_message(text))])
    assert [len(data["text"]) for data in run.of("text.delta")] == [150_000, 50_000]
    assert run.end.data["answer"] == {
        "length": 200_000,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def test_citations_after_lost_deltas_stand_where_the_provider_counts() -> None:
    done = {"type": "response.output_text.done", "output_index": 0, "text": "0123456789"}
    annotation = {
        "type": "url_citation",
        "url": "https://example.org",
        "start_index": 1,
        "end_index": 2,
    }
    cite = {
        "type": "response.output_text.annotation.added",
        "output_index": 1,
        "annotation": annotation,
    }
    run = replay([_delta("0", 0), done, _delta("ab", 1), cite])
    assert run.cited == {"https://example.org": [(11, 12)]}


@pytest.mark.parametrize(
    ("chunks", "end"),
    [
        (
            [_end(_message("A"), kind="incomplete", incomplete_details={"reason": "max_tokens"})],
            Fact(
                "run.failed",
                {
                    "error": {"type": "incomplete", "message": "max_tokens"},
                    "answer": {"text": "A", "parts": [0]},
                },
            ),
        ),
        (
            [{"type": "error", "code": "server_error", "message": "down", "sequence_number": 1}],
            Fact("run.failed", {"error": {"type": "server_error", "message": "down"}}),
        ),
        (
            [{"type": "response.refusal.delta", "delta": "I can't."}, _end({"type": "message"})],
            Fact("run.failed", {"error": {"type": "incomplete", "message": "refusal: I can't."}}),
        ),
        ([_end(kind="cancelled")], Fact("run.cancelled", {})),
        (
            [_end(kind="failed", error={"code": "rate", "message": "slow down"})],
            Fact("run.failed", {"error": {"type": "rate", "message": "slow down"}}),
        ),
    ],
    ids=["incomplete", "error", "refusal", "cancelled", "failed"],
)
def test_ends(chunks: list[dict[str, Any]], end: Fact) -> None:
    assert replay(chunks, API).facts == [end]
