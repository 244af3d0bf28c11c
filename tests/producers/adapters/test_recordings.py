"""Every recorded provider stream gives what its manifest says.

The recordings are not part of this repository: `DURABLE_RECORDINGS` names their folder.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from durable_streaming.producers.adapters import detect

from .replay import Replay, bad_events, read_lines, replay

_BESIDE_THE_REPOSITORY = Path(__file__).parents[3].parent / "shared" / "recordings"
FOLDER = Path(os.environ.get("DURABLE_RECORDINGS") or _BESIDE_THE_REPOSITORY)
MANIFEST: list[dict[str, Any]] = (
    json.loads((FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))
    if (FOLDER / "MANIFEST.json").is_file()
    else []
)

each_recording = pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=entry["file"]) for entry in MANIFEST]
)


def test_recordings_are_there() -> None:
    if not MANIFEST and not os.environ.get("CI"):
        pytest.skip("no recorded streams: name their folder in DURABLE_RECORDINGS")
    assert len(MANIFEST) >= 31


def _replay(entry: dict[str, Any]) -> Replay:
    return _replay_file(entry["file"])


@cache
def _replay_file(file: str) -> Replay:
    return replay(read_lines(FOLDER / file))


@each_recording
def test_the_first_chunk_tells_the_api(entry: dict[str, Any]) -> None:
    chunks = read_lines(FOLDER / entry["file"])
    api = "google-interactions" if entry["api"] == "other" else entry["api"]
    assert detect(chunks[0]) == api
    assert replay(chunks, api) == _replay(entry)


@each_recording
def test_text(entry: dict[str, Any]) -> None:
    run, expected = _replay(entry), entry["expected"]
    answer = run.end.data.get("answer")
    if expected["text_origin"] == "terminal-object" and expected["status"] == "completed":
        assert answer is not None
        assert _sha256(answer["text"]) == expected["text_sha256"]
        assert "parts" not in answer
        assert (answer["text"] == run.text) is expected["delta_text_equals_final"]
    else:
        assert answer is None
        assert _sha256(run.text) == expected["text_sha256"]


@each_recording
def test_text_parts(entry: dict[str, Any]) -> None:
    run, expected = _replay(entry), entry["expected"]
    listed = [part["codepoints"] for part in expected.get("text_parts", ())]
    if not listed:
        assert len(run.parts) == (1 if expected["text"] else 0)
    elif expected["delta_text_equals_final"] is False:
        assert len(run.parts) == len(listed)
        assert len(run.text) == expected["delta_codepoints"]
    else:
        assert [len(text) for text in run.parts.values()] == listed


@each_recording
def test_reasoning(entry: dict[str, Any]) -> None:
    reasoning = "".join(data["text"] for data in _replay(entry).of("reasoning.delta"))
    assert len(reasoning) == entry["expected"]["reasoning_chars"]


@each_recording
def test_tool_calls(entry: dict[str, Any]) -> None:
    run, expected = _replay(entry), entry["expected"]
    calls = run.of("tool.called")
    assert [call["name"] for call in calls] == [call["name"] for call in expected["tool_calls"]]
    for place, (call, wanted) in enumerate(zip(calls, expected["tool_calls"], strict=True), 1):
        assert call["call_id"] == (wanted["id"] or f"call-{place}")
    called = [call["call_id"] for call in calls]
    returned = [data["call_id"] for data in run.of("tool.returned")]
    assert len(returned) == len(set(returned))
    assert set(returned) <= set(called)
    asked = [data["detail"] for data in run.of("run.waiting") if data["for"] == "approval"]
    wanted_yes = expected.get("approval_requests", [])
    assert len(asked) == len(wanted_yes)
    assert all(request["name"] in detail for request, detail in zip(wanted_yes, asked, strict=True))


@each_recording
def test_sources(entry: dict[str, Any]) -> None:
    run, expected = _replay(entry), entry["expected"]
    found = {data.get("url") or data["source_id"] for data in run.of("source.added")}
    assert found == {source["url"] or source["id"] for source in expected["sources"]}
    titles: dict[str, str] = {}
    for data in run.of("source.added"):
        key = data.get("url") or data["source_id"]
        titles[key] = titles.get(key) or data.get("title", "")
    assert titles == {
        source["url"] or source["id"]: source["title"] or "" for source in expected["sources"]
    }
    for ranges in run.cited.values():
        assert all(0 <= start < end <= len(expected["text"]) for start, end in ranges)


@each_recording
def test_end(entry: dict[str, Any]) -> None:
    run, expected = _replay(entry), entry["expected"]
    assert run.status == expected["status"]
    if run.status == "incomplete":
        assert run.end.data["error"]["message"] == expected["stop_reason"]
    if error := expected.get("error"):
        assert run.end.data["error"]["message"] == error["message"]
        assert run.end.data["error"]["type"] in (error.get("type"), error["code"])
    if run.status != "failed":
        assert run.end.data["usage"]
    assert run.model


@each_recording
def test_every_fact_is_a_valid_event(entry: dict[str, Any]) -> None:
    assert bad_events(_replay(entry).facts) == []


@each_recording
def test_a_stream_that_just_ends_is_cut(entry: dict[str, Any]) -> None:
    chunks = read_lines(FOLDER / entry["file"])
    whole = _replay(entry)
    for prefix in _prefixes(chunks):
        run = replay(prefix)
        assert run.status == "cut"
        assert "answer" not in run.end.data
        assert whole.text.startswith(run.text)
        assert _is_prefix(run.of("tool.called"), whole.of("tool.called"))
        assert bad_events(run.facts) == []


def _prefixes(chunks: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    count = len(chunks)
    for length in sorted({1, 2, count // 4, count // 2, count * 3 // 4, count - 3, count - 2}):
        # Between two messages of one loop nothing tells that another one follows.
        if 1 <= length <= count - 2 and chunks[length - 1].get("type") != "message_stop":
            yield chunks[:length]


def _is_prefix(some: list[Any], every: list[Any]) -> bool:
    return every[: len(some)] == some


@each_recording
def test_one_end_and_no_start(entry: dict[str, Any]) -> None:
    ends = [fact for fact in _replay(entry).facts if fact.type.startswith("run.")]
    assert [fact.type for fact in ends if fact.type != "run.waiting"] == [ends[-1].type]
    assert ends[-1] is _replay(entry).facts[-1]


def test_openai_citations_stand_where_the_answer_links() -> None:
    entry = _entry("openai/responses-web-search.jsonl")
    cited = {url: ranges for url, ranges in _replay(entry).cited.items() if ranges}
    assert sum(map(len, cited.values())) == 12
    text = entry["expected"]["text"]
    assert all(url in text[start:end] for url, spans in cited.items() for start, end in spans)


def test_gemini_byte_positions_become_code_points() -> None:
    entry = _entry("google/gemini-web-search.jsonl")
    last = read_lines(FOLDER / entry["file"])[-1]["candidates"][0]
    supports = last["groundingMetadata"]["groundingSupports"]
    text = entry["expected"]["text"]
    ranges = [span for spans in _replay(entry).cited.values() for span in spans]
    slices = {text[start:end] for start, end in ranges}
    assert slices == {support["segment"]["text"] for support in supports}


def test_anthropic_cites_whole_blocks() -> None:
    run = _replay(_entry("anthropic/messages-web-search.jsonl"))
    blocks = set(run.parts.values())
    spans = [span for spans in run.cited.values() for span in spans]
    assert spans
    assert all(run.text[start:end] in blocks for start, end in spans)


def _entry(file: str) -> dict[str, Any]:
    for entry in MANIFEST:
        if entry["file"] == file:
            return entry
    pytest.skip("no recorded streams: name their folder in DURABLE_RECORDINGS")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
