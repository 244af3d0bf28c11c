"""Recorded provider streams become runs."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from durable_streaming.producers.importer import UnreadableRecording, import_streams
from tests.producers.support import memory_log, settings, stored_events


def chat(text: str | None, finish: str | None = None) -> dict[str, object]:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "model": "tiny-1", "choices": [choice]}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    chunks = [chat("Kafka "), chat("keeps "), chat("order."), chat(None, "stop")]
    file = tmp_path / "answer.jsonl"
    file.write_text("".join(json.dumps(chunk) + "\n" for chunk in chunks))
    return file


def test_a_recording_becomes_a_whole_run(recording: Path) -> None:
    log = memory_log(partitions=1)
    (imported,) = import_streams([recording], settings=settings(), log=log)
    events = stored_events(log)
    assert imported == (str(recording), events[0]["run_id"], len(events))
    assert events[0]["data"] == {
        "agent": "import", "title": "answer.jsonl", "model": "tiny-1",
        "tags": {"api": "openai-chat"},
    }  # fmt: skip
    assert [event["seq"] for event in events] == list(range(len(events)))
    streamed = [e["data"]["text"] for e in events if e["type"] == "text.delta"]
    assert streamed == ["Kafka ", "keeps ", "order."]
    assert events[-1]["type"] == "run.completed"


def test_each_file_is_a_run_of_its_own(recording: Path) -> None:
    log = memory_log()
    imported = list(import_streams([recording, recording], settings=settings(), log=log))
    assert len({run.run_id for run in imported}) == 2


def test_a_pace_is_kept(recording: Path) -> None:
    began = time.monotonic()
    list(import_streams([recording], chunks_per_s=20, settings=settings(), log=memory_log()))
    assert time.monotonic() - began >= 3 / 20


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "empty"), ("{", "line 1 is no JSON"), ('{"a": 1}', "no adapter"), ("1", "chunk")],
)
def test_what_is_no_recording_is_refused_before_a_run_begins(
    tmp_path: Path, text: str, told: str
) -> None:
    log = memory_log()
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    with pytest.raises(UnreadableRecording, match=told):
        list(import_streams([file], settings=settings(), log=log))
    assert stored_events(log) == []


def test_a_recording_that_breaks_off_in_a_line_fails_its_run(recording: Path) -> None:
    log = memory_log()
    with recording.open("a") as stream:
        stream.write("{")
    with pytest.raises(UnreadableRecording, match="line 5"):
        list(import_streams([recording], settings=settings(), log=log))
    last = stored_events(log)[-1]
    assert (last["type"], last["data"]["error"]["type"]) == ("run.failed", "UnreadableRecording")


def test_every_recording_becomes_the_run_that_its_manifest_tells(recordings: Path) -> None:
    manifest = json.loads((recordings / "MANIFEST.json").read_bytes())
    for entry in manifest:
        expected = entry["expected"]
        log = memory_log(partitions=1)
        (run,) = import_streams([recordings / entry["file"]], settings=settings(), log=log)
        events = stored_events(log)
        assert [event["seq"] for event in events] == list(range(run.events)), entry["file"]
        assert _text(events) == expected["text"], entry["file"]
        status = "completed" if expected["status"] == "completed" else "failed"
        assert events[-1]["type"] == f"run.{status}", entry["file"]


def _text(events: list[dict[str, Any]]) -> str:
    answer = events[-1]["data"].get("answer")
    if answer is not None:
        return str(answer["text"])
    parts: dict[int, str] = {}
    for event in events:
        if event["type"] == "text.delta":
            part = event["data"].get("part", 0)
            parts[part] = parts.get(part, "") + event["data"]["text"]
    return "".join(parts[part] for part in sorted(parts))
