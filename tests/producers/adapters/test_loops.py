"""The responses of one agent's loop, one after the other in one stream, are one run."""

from typing import Any

import pytest

from durable_streaming.producers.adapters.usage import summed

from .replay import Replay, bad_events, fixture, replay

_IDS = frozenset({"id", "call_id", "item_id", "tool_use_id", "responseId"})

each_api = pytest.mark.parametrize(
    "api",
    ["openai-responses", "openai-chat", "anthropic-messages", "gemini", "google-interactions"],
)


def another(value: Any) -> Any:
    """Give a response like this one, with ids of its own."""
    if isinstance(value, list):
        return [another(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"{item}-again" if name in _IDS and isinstance(item, str) else another(item)
        for name, item in value.items()
    }


def once_and_twice(api: str) -> tuple[Replay, Replay]:
    chunks = fixture(api)
    return replay(chunks), replay([*chunks, *another(chunks)])


@each_api
def test_text_is_in_parts_of_its_own_and_usage_is_added(api: str) -> None:
    once, twice = once_and_twice(api)
    assert list(twice.parts.values()) == [*once.parts.values()] * 2
    assert len(twice.of("reasoning.delta")) == 2 * len(once.of("reasoning.delta"))
    assert twice.end.data["usage"] == summed(once.end.data["usage"], once.end.data["usage"])
    assert twice.status == once.status == "completed"
    assert bad_events(twice.facts) == []


@each_api
def test_calls_and_results_of_both_are_told(api: str) -> None:
    once, twice = once_and_twice(api)
    for fact_type in ("tool.called", "tool.returned"):
        ids = [data["call_id"] for data in twice.of(fact_type)]
        assert len(ids) == len(set(ids)) == 2 * len(once.of(fact_type))


@each_api
def test_a_second_response_that_just_ends_is_cut(api: str) -> None:
    chunks = fixture(api)
    # Whatever of a second response says that it has begun.
    second = [chunk for chunk in another(chunks) if chunk.get("type") != "ping"][:2]
    assert replay([*chunks, *second]).status == "cut"


def test_the_last_response_is_the_answer_and_citations_stand_in_it() -> None:
    once, twice = once_and_twice("openai-responses")
    count = len(once.parts)
    answer = once.end.data["answer"]
    assert twice.end.data["answer"] == answer | {"parts": list(range(count, 2 * count))}
    assert twice.cited == once.cited


@pytest.mark.parametrize("api", ["openai-chat", "gemini", "google-interactions"])
def test_where_all_text_is_the_answer_citations_stand_in_all_of_it(api: str) -> None:
    once, twice = once_and_twice(api)
    assert any(once.cited.values())
    before = len(once.text)
    assert twice.cited == {
        source: [*spans, *((start + before, end + before) for start, end in spans)]
        for source, spans in once.cited.items()
    }


def test_what_functions_gave_is_in_the_history_of_geminis_own_loop() -> None:
    def chunk(response_id: str, *parts: Any, **more: Any) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP"}
        return {"responseId": response_id, "candidates": [candidate], **more}

    def call(query: str) -> dict[str, Any]:
        return {"functionCall": {"name": "search", "args": {"q": query}}}

    def result(name: str, hits: int) -> dict[str, Any]:
        return {"functionResponse": {"name": name, "response": {"result": hits}}}

    earlier = {"role": "user", "parts": [result("search", 7)]}
    history = [earlier, {"role": "user", "parts": [result("search", 1), result("search", 2)]}]
    run = replay(
        [
            chunk("r1", call("a"), call("b")),
            chunk("r2", {"text": "It "}, automaticFunctionCallingHistory=history),
            chunk("r2", {"text": "is."}, automaticFunctionCallingHistory=history),
        ]
    )
    assert run.of("tool.returned") == [
        {"call_id": "call-1", "output": {"result": 1}},
        {"call_id": "call-2", "output": {"result": 2}},
    ]
    assert run.text == "It is."
