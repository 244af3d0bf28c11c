"""The Interactions API: steps, and positions in bytes."""

from typing import Any

import pytest

from durable_streaming.producers.adapters import Fact, GoogleInteractions

from .replay import fixture, replay

API = GoogleInteractions.api


def _end(status: str, **interaction: Any) -> dict[str, Any]:
    event = "interaction.completed"
    return {"event_type": event, "interaction": {"status": status, **interaction}}


def test_fixture() -> None:
    run = replay(fixture(API))
    assert run.model == "example-model"
    assert run.facts == [
        Fact("reasoning.delta", {"text": "Search.", "part": 0}),
        Fact(
            "tool.called",
            {"call_id": "gs_1", "name": "google_search", "arguments": {"queries": ["kafka"]}},
        ),
        Fact(
            "tool.returned",
            {"call_id": "gs_1", "output": [{"url": "https://example.org/b", "title": "B"}]},
        ),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/b",
                "kind": "url",
                "url": "https://example.org/b",
                "title": "B",
            },
        ),
        Fact("text.delta", {"text": "Größe ", "part": 0}),
        Fact("text.delta", {"text": "zählt.", "part": 0}),
        Fact(
            "source.added",
            {
                "source_id": "https://example.org/a",
                "kind": "url",
                "url": "https://example.org/a",
                "title": "A",
                "cited": [{"start": 6, "end": 11}],
            },
        ),
        Fact("tool.called", {"call_id": "fc_1", "name": "save", "arguments": {"as": "note"}}),
        Fact("run.completed", {"usage": {"total_tokens": 21}}),
    ]
    assert run.text[6:11] == "zählt"


def test_a_failed_tool() -> None:
    step = {"type": "url_context_result", "call_id": "u1", "is_error": True, "result": "gone"}
    chunks = [
        {"event_type": "step.start", "index": 0, "step": step},
        {"event_type": "step.stop", "index": 0},
    ]
    assert replay(chunks).of("tool.returned") == [{"call_id": "u1", "error": "gone"}]


@pytest.mark.parametrize(
    ("chunk", "end"),
    [
        (_end("completed"), Fact("run.completed", {})),
        (_end("cancelled"), Fact("run.cancelled", {})),
        (
            _end("incomplete"),
            Fact("run.failed", {"error": {"type": "incomplete", "message": "incomplete"}}),
        ),
        (
            _end("failed", error={"message": "boom"}),
            Fact("run.failed", {"error": {"type": "failed", "message": "boom"}}),
        ),
        (
            {"event_type": "error", "error": {"code": "busy", "message": "later"}},
            Fact("run.failed", {"error": {"type": "busy", "message": "later"}}),
        ),
    ],
)
def test_ends(chunk: dict[str, Any], end: Fact) -> None:
    assert replay([chunk], API).facts == [end]


def test_a_stream_that_just_ends_is_cut() -> None:
    assert replay(fixture(API)[:-1]).status == "cut"
