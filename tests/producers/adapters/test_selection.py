"""Telling the API by a first chunk."""

from typing import Any

import pytest

from durable_streaming.producers.adapters import ADAPTERS, UnknownStream, adapter_for, detect

from .replay import fixture


@pytest.mark.parametrize("api", sorted(ADAPTERS))
def test_each_fixture_is_known_by_its_first_chunk(api: str) -> None:
    first = fixture(api)[0]
    assert detect(first) == api
    assert adapter_for("auto", first).api == api
    assert adapter_for(api).api == api


@pytest.mark.parametrize(
    ("chunk", "api"),
    [
        ({"type": "ping"}, "anthropic-messages"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "anthropic-messages"),
        ({"type": "error", "code": "x", "message": "y"}, "openai-responses"),
        ({"type": "error", "sequence_number": 0, "error": {}}, "openai-responses"),
        ({"error": {"message": "x", "type": "y"}}, "openai-chat"),
        ({"error": {"message": "x", "code": 503, "status": "UNAVAILABLE"}}, "gemini"),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "gemini"),
        ({"event_type": "error", "error": {}}, "google-interactions"),
    ],
)
def test_streams_that_begin_in_the_middle_or_with_an_error(chunk: dict[str, Any], api: str) -> None:
    assert detect(chunk) == api


def test_unknown_streams_are_refused_with_the_remedy() -> None:
    with pytest.raises(UnknownStream, match=r"first chunk has completion, stop.*openai-chat"):
        adapter_for("auto", {"completion": "secret", "stop": None})
    with pytest.raises(UnknownStream, match="use auto or one of ag-ui, anthropic-messages"):
        adapter_for("openai")


def test_a_form_that_no_adapter_reads_is_refused() -> None:
    with pytest.raises(UnknownStream, match="event_type"):
        detect({"event_type": "interaction.start", "interaction": {}})


def test_a_payload_does_not_travel_in_the_error() -> None:
    with pytest.raises(UnknownStream) as refusal:
        detect({"completion": "secret"})
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("chunk", ["data: {}", None, 3, [{"type": "ping"}]])
def test_what_is_no_chunk_is_refused_with_the_remedy(chunk: object) -> None:
    with pytest.raises(TypeError, match=r"json\.loads"):
        adapter_for("auto", chunk)
    with pytest.raises(TypeError, match=r"json\.loads"):
        adapter_for("gemini").feed(chunk)


def test_an_adapter_serves_one_stream() -> None:
    adapter = adapter_for("gemini")
    adapter.finish()
    with pytest.raises(RuntimeError, match="make a new adapter"):
        adapter.feed({})
    with pytest.raises(RuntimeError, match="make a new adapter"):
        adapter.finish()
