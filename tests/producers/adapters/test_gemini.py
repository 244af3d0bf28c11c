"""Gemini: thoughts, code, function calls, and positions in bytes."""

from typing import Any

import pytest

from durable_streaming.producers.adapters import Fact, Gemini

from .replay import fixture, replay

API = Gemini.api


def _chunk(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, **candidate}]}


def test_fixture() -> None:
    run = replay(fixture(API))
    assert run.model == "example-model"
    code = {"language": "PYTHON", "code": "print(2+2)"}
    assert run.facts == [
        Fact("reasoning.delta", {"text": "**Plan** compute.", "part": 0}),
        Fact("text.delta", {"text": "Für ", "part": 0}),
        Fact("text.delta", {"text": "dich: ", "part": 0}),
        Fact("tool.called", {"call_id": "call-1", "name": "code_execution", "arguments": code}),
        Fact("tool.returned", {"call_id": "call-1", "output": "4\n"}),
        Fact("text.delta", {"text": "Es ist 4.", "part": 1}),
        Fact("tool.called", {"call_id": "call-2", "name": "save", "arguments": {"value": 4}}),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/a",
                "kind": "url",
                "url": "https://example.org/a",
                "title": "A",
                "cited": [{"start": 10, "end": 19}, {"start": 0, "end": 3}],
            },
        ),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/b",
                "kind": "url",
                "url": "https://example.org/b",
                "title": "B",
                "cited": [{"start": 0, "end": 3}],
            },
        ),
        Fact(
            "run.completed",
            {"usage": {"promptTokenCount": 4, "totalTokenCount": 13, "candidatesTokenCount": 9}},
        ),
    ]
    assert run.text[10:19] == "Es ist 4."


def test_failed_code() -> None:
    code = {"executableCode": {"id": "x1", "language": "PYTHON", "code": "1/0"}}
    result = {"codeExecutionResult": {"id": "x1", "outcome": "OUTCOME_FAILED", "output": "oops"}}
    assert replay([_chunk(code, result)]).of("tool.returned") == [
        {"call_id": "x1", "error": "OUTCOME_FAILED: oops"}
    ]


def test_tools_that_the_provider_runs() -> None:
    call = {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH", "args": {"q": "kafka"}}}
    response = {"toolResponse": {"id": "t1", "response": {"hits": 2}}}
    run = replay([_chunk(call), _chunk(response)])
    assert [*run.of("tool.called"), *run.of("tool.returned")] == [
        {"call_id": "t1", "name": "google_search", "arguments": {"q": "kafka"}},
        {"call_id": "t1", "output": {"hits": 2}},
    ]


def test_documents_and_opened_pages() -> None:
    chunks = [
        {"retrievedContext": {"title": "a.pdf", "text": "excerpt", "documentName": "stores/1"}},
        {"maps": {"uri": "https://maps.example.org/1", "title": "M"}},
        "no object",
    ]
    chunk = _chunk(
        {"text": "A"},
        groundingMetadata={"groundingChunks": chunks},
        urlContextMetadata={"urlMetadata": [{"retrievedUrl": "https://example.org/o"}]},
        citationMetadata={"citations": [{"uri": "https://example.org/q", "endIndex": 1}]},
    )
    run = replay([chunk])
    assert [(data["source_id"], data["kind"]) for data in run.of("source.added")] == [
        ("stores/1", "document"),
        ("https://maps.example.org/1", "url"),
        ("https://example.org/q", "url"),
        ("https://example.org/o", "url"),
    ]
    assert run.cited["https://example.org/q"] == [(0, 1)]


@pytest.mark.parametrize(
    "segment",
    [{"startIndex": 0, "endIndex": 2}, {"startIndex": 3, "endIndex": 90}, {"startIndex": 1}],
    ids=["half a character", "past the end", "no end"],
)
def test_positions_that_say_nothing_cite_nothing(segment: dict[str, int]) -> None:
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://example.org"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }
    run = replay([_chunk({"text": "Für"}, groundingMetadata=metadata)])
    assert run.cited == {"https://example.org": []}


def test_other_candidates_are_no_part_of_the_answer() -> None:
    chunk = _chunk({"text": "A"}, finishReason="STOP")
    other = {"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "SAFETY"}
    chunk["candidates"].append(other)
    run = replay([chunk])
    assert (run.text, run.status) == ("A", "completed")


@pytest.mark.parametrize(
    ("chunk", "error"),
    [
        (_chunk(finishReason="MAX_TOKENS"), {"type": "incomplete", "message": "MAX_TOKENS"}),
        (
            {"promptFeedback": {"blockReason": "SAFETY"}},
            {"type": "incomplete", "message": "SAFETY"},
        ),
        (
            {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}},
            {"type": "UNAVAILABLE", "message": "busy", "code": "503"},
        ),
    ],
)
def test_ends(chunk: dict[str, Any], error: dict[str, str]) -> None:
    assert replay([chunk]).end == Fact("run.failed", {"error": error})


def test_an_unspecified_reason_is_none() -> None:
    run = replay([_chunk({"text": "A"}, finishReason="FINISH_REASON_UNSPECIFIED")])
    assert run.status == "cut"
