"""What would not fit an event is split, hashed or replaced, and nothing is cut in silence."""

import hashlib
from typing import Any

import pytest

from durable_streaming.producers.adapters import Fact, adapter_for

from .replay import bad_events, replay


def _result(content: object, call_id: str = "t1") -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call_id, "content": content}
    return {"type": "content_block_start", "index": 0, "content_block": block}


def _chat(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


@pytest.mark.parametrize("character", ["x", "é", "😀", "\x01"])
def test_long_text_is_split_and_whole(character: str) -> None:
    text = character * 400_000
    run = replay([_chat(content=text)])
    assert run.text == text
    assert bad_events(run.facts) == []


def test_a_result_too_large_is_replaced_by_its_size_and_hash() -> None:
    facts = adapter_for("anthropic-messages").feed(_result("x" * 1_000_000))
    written = b'"' + b"x" * 1_000_000 + b'"'
    summary = {"omitted_bytes": 1_000_002, "sha256": hashlib.sha256(written).hexdigest()}
    assert facts == [Fact("tool.returned", {"call_id": "t1", "output": summary})]


def test_a_large_result_that_fits_is_whole() -> None:
    facts = adapter_for("anthropic-messages").feed(_result("x" * 890_000))
    assert len(facts[0].data["output"]) == 890_000
    assert bad_events(facts) == []


def test_an_error_too_large_is_replaced() -> None:
    chunk = _result("x" * 1_000_000)
    chunk["content_block"]["is_error"] = True
    facts = adapter_for("anthropic-messages").feed(chunk)
    assert "omitted_bytes" in facts[0].data["error"]
    assert bad_events(facts) == []


def test_long_ids_are_hashed_alike_for_call_and_result() -> None:
    long_id = "t" * 300
    use = {"type": "tool_use", "id": long_id, "name": "f", "input": {}}
    chunks = [
        {"type": "content_block_start", "index": 0, "content_block": use},
        {"type": "content_block_stop", "index": 0},
        _result("4", long_id),
    ]
    run = replay(chunks)
    [called], [returned] = run.of("tool.called"), run.of("tool.returned")
    assert called["call_id"] == returned["call_id"]
    assert called["call_id"] == "sha256-" + hashlib.sha256(long_id.encode()).hexdigest()


def test_a_long_address_is_hashed_as_id_and_kept_as_url() -> None:
    url = "https://example.org/" + "a" * 300
    chunk = {**_chat(), "citations": [url]}
    [source] = replay([chunk]).of("source.added")
    assert source["url"] == url
    assert source["source_id"] == "sha256-" + hashlib.sha256(url.encode()).hexdigest()


def test_a_page_as_snippet_is_visibly_shortened() -> None:
    results = [{"url": "https://example.org", "snippet": "y" * 5_000}]
    [source] = replay([{**_chat(), "search_results": results}]).of("source.added")
    assert source["snippet"] == "y" * 999 + "…"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"total": 3, "details": {"x": 1}}, {"total": 3, "details": {"x": 1}}),
        ({"total": 3, "details": "x" * 5_000}, {"total": 3, "omitted_bytes": 5024}),
        ({f"count_{n:03}": 1 for n in range(400)}, {"omitted_bytes": 400 * 14 + 1}),
    ],
    ids=["small", "details", "many"],
)
def test_usage_that_does_not_fit_says_so(usage: dict[str, Any], expected: dict[str, Any]) -> None:
    run = replay([{"choices": [], "usage": usage}])
    assert run.end.data["usage"] == expected
    assert bad_events(run.facts) == []


@pytest.mark.parametrize(
    "arguments",
    [
        "[" * 100_000,
        "[" * 95 + "]" * 95,
        '{"n": NaN}',
        '{"n": 123456789012345678901234567890}',
        '{"n": 1e999}',
        '{"s": "\\ud800"}',
        "",
    ],
    ids=["open", "deep", "nan", "big", "infinite", "surrogate", "empty"],
)
def test_arguments_that_no_event_can_hold_as_json_stay_text(arguments: str) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": arguments}}
    run = replay([_chat(tool_calls=[call]), {"choices": [{"finish_reason": "stop"}]}])
    assert run.of("tool.called")[0]["arguments"] == arguments
    assert bad_events(run.facts) == []


def test_what_is_no_json_is_left_to_the_publisher_to_refuse() -> None:
    surrogate, not_a_number = _chat(content="\ud800"), _result(float("nan"))
    assert adapter_for("openai-chat").feed(surrogate)[0].data["text"] == "\ud800"
    adapter_for("anthropic-messages").feed(not_a_number)
