"""The Messages API: blocks, tools and their results, citations, several messages in a row."""

from typing import Any

import pytest

from durable_streaming.producers.adapters import AnthropicMessages, Fact

from .replay import fixture, replay

API = AnthropicMessages.api


def _block(at: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    start = {"type": "content_block_start", "index": at, "content_block": block}
    return [start, {"type": "content_block_stop", "index": at}]


def test_fixture() -> None:
    run = replay(fixture(API))
    page = {"kind": "url", "source_id": "https://example.org/a", "url": "https://example.org/a"}
    found = [
        {"type": "web_search_result", "url": "https://example.org/a", "title": "A"},
        {"type": "web_search_result", "url": "https://example.org/b", "title": "B"},
    ]
    assert run.model == "example-model"
    assert run.facts == [
        Fact("reasoning.delta", {"text": "Search first.", "part": 0}),
        Fact("text.delta", {"text": "🔎 Looking. ", "part": 0}),
        Fact(
            "tool.called",
            {"call_id": "srvtoolu_1", "name": "web_search", "arguments": {"query": "kafka"}},
        ),
        Fact("tool.returned", {"call_id": "srvtoolu_1", "output": found}),
        Fact("source.added", {**page, "title": "A"}),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/b",
                "kind": "url",
                "url": "https://example.org/b",
                "title": "B",
            },
        ),
        Fact("text.delta", {"text": "Offsets stay.", "part": 1}),
        Fact(
            "source.added",
            {**page, "snippet": "Kafka keeps offsets.", "cited": [{"start": 11, "end": 24}]},
        ),
        Fact("tool.called", {"call_id": "toolu_1", "name": "save", "arguments": {}}),
        Fact("text.delta", {"text": " Saved.", "part": 2}),
        Fact("run.completed", {"usage": {"input_tokens": 35, "output_tokens": 24}}),
    ]
    assert run.text[11:24] == "Offsets stay."


@pytest.mark.parametrize(
    ("content", "is_error", "expected"),
    [
        (
            {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"},
            None,
            {"error": "max_uses_exceeded"},
        ),
        ([{"type": "text", "text": "no such table"}], True, {"error": "no such table"}),
        ("refused", True, {"error": "refused"}),
        ([{"type": "text", "text": "4"}], False, {"output": [{"type": "text", "text": "4"}]}),
        (None, None, {"output": None}),
    ],
)
def test_results(content: object, is_error: bool | None, expected: dict[str, Any]) -> None:
    result = {
        "type": "mcp_tool_result",
        "tool_use_id": "t1",
        "content": content,
        "is_error": is_error,
    }
    run = replay(_block(0, result))
    assert run.of("tool.returned") == [{"call_id": "t1", **expected}]


def test_a_result_may_come_in_a_later_message() -> None:
    use = {"type": "server_tool_use", "id": "t1", "name": "find", "input": {"q": 1}}
    result = {"type": "find_tool_result", "tool_use_id": "t1", "content": {"hits": 0}}
    start = {"type": "message_start", "message": {}}
    run = replay([start, *_block(0, use), start, *_block(0, result)])
    assert [fact.type for fact in run.facts[:2]] == ["tool.called", "tool.returned"]


def test_fetched_pages_are_sources() -> None:
    fetched = {"type": "web_fetch_result", "url": "https://example.org", "content": {}}
    run = replay(_block(0, {"type": "web_fetch_tool_result", "content": fetched}))
    assert run.of("source.added") == [
        {"source_id": "https://example.org", "kind": "url", "url": "https://example.org"}
    ]


def test_document_citations() -> None:
    block = {
        "type": "text",
        "text": "As said.",
        "citations": [
            {"document_index": 0, "document_title": "Guide", "cited_text": "said"},
            {"document_index": 1, "file_id": "file_9"},
            {"type": "unknown"},
        ],
    }
    run = replay(_block(0, block))
    cited = [{"start": 0, "end": 8}]
    assert run.of("source.added") == [
        {
            "source_id": "document-0",
            "kind": "document",
            "title": "Guide",
            "snippet": "said",
            "cited": cited,
        },
        {"source_id": "file_9", "kind": "document", "cited": cited},
    ]


def test_a_cut_block_keeps_its_citations() -> None:
    chunks = fixture(API)[:18]
    run = replay(chunks)
    assert run.status == "cut"
    assert run.cited["https://example.org/a"] == [(11, 24)]


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "pause_turn", "a_new_reason"])
def test_stopping_short(reason: str) -> None:
    run = replay([{"type": "message_delta", "delta": {"stop_reason": reason}}])
    assert run.end.data["error"] == {"type": "incomplete", "message": reason}


def test_an_error_ends_the_run() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    run = replay([*fixture(API)[:8], {"type": "error", "error": error}])
    assert run.end.data["error"] == error


def test_a_message_that_follows_is_not_complete_because_the_first_was() -> None:
    assert replay(fixture(API)[:25]).status == "cut"


def test_arguments_that_are_no_json_stay_text() -> None:
    use = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    start, stop = _block(0, use)
    delta = {"type": "input_json_delta", "partial_json": '{"half": '}
    grow = {"type": "content_block_delta", "index": 0, "delta": delta}
    run = replay([start, grow, stop])
    assert run.of("tool.called")[0]["arguments"] == '{"half": '
