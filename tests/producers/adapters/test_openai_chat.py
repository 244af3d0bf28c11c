"""Chat completions in their dialects."""

from typing import Any

import pytest

from durable_streaming.producers.adapters import Fact, OpenAIChat

from .replay import fixture, replay

API = OpenAIChat.api


def _chunk(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def test_fixture() -> None:
    run = replay(fixture(API))
    assert run.model == "example-model"
    assert run.facts == [
        Fact("reasoning.delta", {"text": "Search.", "part": 0}),
        Fact(
            "tool.called", {"call_id": "call-1", "name": "search", "arguments": {"query": "kafka"}}
        ),
        Fact("tool.returned", {"call_id": "call-1", "output": "A: Kafka keeps offsets."}),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/a",
                "kind": "url",
                "url": "https://example.org/a",
                "title": "A",
                "snippet": "Kafka keeps offsets.",
            },
        ),
        Fact("text.delta", {"text": "It keeps ", "part": 0}),
        Fact("reasoning.delta", {"text": "Cite it.", "part": 0}),
        Fact("text.delta", {"text": "offsets.", "part": 0}),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/b",
                "kind": "url",
                "url": "https://example.org/b",
                "title": "B",
                "cited": [{"start": 9, "end": 16}],
            },
        ),
        Fact("tool.called", {"call_id": "call_a", "name": "save", "arguments": {"as": "note"}}),
        Fact("tool.called", {"call_id": "call_b", "name": "mail", "arguments": "not json"}),
        Fact(
            "run.completed",
            {"usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}},
        ),
    ]


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning": "why", "reasoning_details": [{"type": "reasoning.text", "text": "why"}]},
        {"reasoning_content": "why"},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "why"}]},
        {"content": [{"type": "thinking", "thinking": "why"}]},
    ],
)
def test_reasoning_is_told_once(delta: dict[str, Any]) -> None:
    assert replay([_chunk(**delta)]).of("reasoning.delta") == [{"text": "why", "part": 0}]


def test_calls_that_share_an_index_are_told_apart_by_id() -> None:
    def call(call_id: str, name: str) -> dict[str, Any]:
        function = {"name": name, "arguments": "{}"}
        return _chunk(tool_calls=[{"index": 0, "id": call_id, "function": function}])

    run = replay([call("a", "first"), call("b", "second"), _chunk("tool_calls")])
    told = [(data["call_id"], data["name"]) for data in run.of("tool.called")]
    assert told == [("a", "first"), ("b", "second")]


def test_arguments_may_be_an_object_and_the_index_missing() -> None:
    calls = [{"id": name, "function": {"name": name, "arguments": {"n": 1}}} for name in "ab"]
    run = replay([_chunk("stop", tool_calls=calls)])
    assert run.of("tool.called") == [
        {"call_id": name, "name": name, "arguments": {"n": 1}} for name in "ab"
    ]


def test_the_older_function_call() -> None:
    chunks = [
        _chunk(function_call={"name": "f", "arguments": '{"n"'}),
        _chunk(function_call={"arguments": ": 1}"}),
        _chunk("function_call"),
    ]
    run = replay(chunks)
    assert run.of("tool.called") == [{"call_id": "call-1", "name": "f", "arguments": {"n": 1}}]
    assert run.status == "completed"


def test_calls_of_a_cut_stream_were_never_made() -> None:
    assert [fact.type for fact in replay(fixture(API)[7:10]).facts] == ["run.failed"]


def test_sources_repeated_in_every_chunk_are_told_once() -> None:
    chunk = {
        **_chunk(content="x"),
        "citations": ["https://example.org/a", "https://example.org/b"],
        "search_results": [{"url": "https://example.org/a", "title": "A", "snippet": "s"}],
    }
    run = replay([chunk, chunk])
    assert [data["source_id"] for data in run.of("source.added")] == [
        "https://example.org/a",
        "https://example.org/b",
    ]
    assert run.of("source.added")[0]["title"] == "A"


def test_other_choices_are_no_part_of_the_answer() -> None:
    other = {"index": 1, "delta": {"content": "B"}, "finish_reason": "length"}
    chunk = _chunk("stop", content="A")
    chunk["choices"].append(other)
    run = replay([chunk])
    assert (run.text, run.status) == ("A", "completed")


def test_usage_alone_ends_a_stream_without_finish_reason() -> None:
    end = {"choices": [], "usage": {"total_tokens": 3}}
    assert replay([_chunk(content="A")]).status == "cut"
    assert replay([_chunk(content="A"), end]).end == Fact(
        "run.completed", {"usage": {"total_tokens": 3}}
    )


def test_usage_alone_does_not_undo_the_finish_reason() -> None:
    end = {"choices": [], "usage": {"total_tokens": 3}}
    assert replay([_chunk("length"), end]).status == "incomplete"


@pytest.mark.parametrize("reason", ["length", "content_filter", "a_new_reason"])
def test_stopping_short(reason: str) -> None:
    error = replay([_chunk(reason, content="A")]).end.data["error"]
    assert error == {"type": "incomplete", "message": reason}


def test_a_refusal_is_no_answer() -> None:
    run = replay([_chunk(refusal="I "), _chunk(refusal="can't."), _chunk("stop")])
    assert run.text == ""
    assert run.end.data["error"] == {"type": "incomplete", "message": "refusal: I can't."}


@pytest.mark.parametrize(
    ("chunk", "error"),
    [
        (
            {"error": {"type": "invalid", "code": "tool_use_failed", "message": "bad"}},
            {"type": "invalid", "code": "tool_use_failed", "message": "bad"},
        ),
        ({"error": {"code": 502, "message": "bad"}}, {"type": "502", "message": "bad"}),
        ({"error": "bad"}, {"type": "error", "message": "bad"}),
        ({"x_groq": {"error": "bad"}}, {"type": "error", "message": "bad"}),
        (_chunk("error"), {"type": "error", "message": "no message was sent"}),
    ],
)
def test_errors(chunk: dict[str, Any], error: dict[str, Any]) -> None:
    assert replay([_chunk(content="A"), chunk]).end.data["error"] == error


def test_an_error_is_not_undone_by_a_finish_reason() -> None:
    error = {"error": {"type": "overloaded", "message": "bad"}}
    run = replay([_chunk(content="A"), error, _chunk("error"), _chunk("stop")])
    assert run.end.data["error"] == {"type": "overloaded", "message": "bad"}
