"""The draft: head and sealed chunks, their form and their limits."""

from typing import Any

import pytest

from durable_streaming.schemas import canonical, decode
from tests.processors.fold.support import RUN, Log, fold


def test_every_named_field_of_a_run_that_nothing_was_folded_of() -> None:
    head = fold(Log().text(3, "waits", producer="p", epoch=4)).head
    assert head == {
        "schema_version": 1,
        "run_id": RUN,
        "status": "running",
        "agent": None,
        "title": None,
        "model": None,
        "thread_id": None,
        "parent_run_id": None,
        "tags": {},
        "started_at": None,
        "updated_at": None,
        "plan": None,
        "steps": [],
        "sources": [],
        "checks": [],
        "tools": [],
        "text": {"length": 0, "chunks": 0, "tail": "", "deltas": []},
        "reasoning_length": 0,
        "waiting": None,
        "cancel_requested": False,
        "pending": 1,
        "producer_epoch": 4,
        "highest_seq": 3,
        "counts": {"events": 0, "steps": 0, "sources": 0, "checks": 0, "tools": 0},
        "applied": {"seq": -1, "partition": 0, "offset": 0},
    }


def test_what_the_start_said_and_what_came_after() -> None:
    start = {
        "agent": "guide",
        "title": "Why?",
        "model": "m",
        "thread_id": "t",
        "parent_run_id": "p",
        "tags": {"b": "2", "a": "1", "gone": None},
        "input": {"any": "thing"},
    }
    log = Log().add("run.started", 0, start).add("reasoning.delta", 1, {"text": "hm\U0001f600"})
    log.text(2, "a\U0001f600").text(3, "b", part=2)
    head = fold(log).head
    for name in ("agent", "title", "model", "thread_id", "parent_run_id"):
        assert head[name] == start[name]
    assert head["tags"] == {"a": "1", "b": "2"}
    assert head["started_at"] == "2026-11-23T15:00:00Z"
    assert head["updated_at"] == "2026-11-23T15:00:03Z"
    assert head["reasoning_length"] == 3
    assert head["text"] == {
        "length": 3,
        "chunks": 0,
        "tail": "a\U0001f600b",
        "deltas": [{"seq": 2, "part": 0, "length": 2}, {"seq": 3, "part": 2, "length": 1}],
    }
    assert head["counts"]["events"] == 4


def test_times_stand_as_in_the_events() -> None:
    log = Log().start(time="2026-11-23T17:40:27.518000000+02:00")
    log.text(2, "b", time="2030-01-01T00:00:00Z").text(1, "a", time="2020-01-01T00:00:00Z")
    head = fold(log).head
    assert head["started_at"] == "2026-11-23T17:40:27.518000000+02:00"
    assert head["updated_at"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(lambda log: log.text(2, "b"), id="a duplicate"),
        pytest.param(lambda log: log.text(2, "B"), id="a conflict"),
        pytest.param(lambda log: log.text(9, "w", producer="p-9"), id="fenced"),
        pytest.param(lambda log: log.text(9, "w"), id="waits"),
    ],
)
def test_applied_is_the_last_valid_record_whatever_became_of_it(record: Any) -> None:
    log = record(Log().start().text(1, "a").text(2, "b")).raw(b"bad")
    assert fold(log).head["applied"] == {"seq": 2, "partition": 0, "offset": 3}


def test_the_canonical_form() -> None:
    tricky = (
        'quote " backslash \\ tab \t nul \x00 del \x7f line \u2028 \U0001f600 e\u0301/</script>'
    )
    log = Log().add("run.started", 0, {"agent": tricky, "tags": {"\ufffd": "a", "\U0001f600": "b"}})
    log.text(1, tricky).text(2, "a" * 2048).text(3, tricky)
    for seq, score in enumerate((1.0, -0.0, 1e21, 1e-7, 0.1 + 0.2, 5, 123456789012345678000.0), 4):
        log.add("quality.checked", seq, {"check": f"c{seq}", "verdict": "pass", "score": score})
    log.add("plan.created", 11, {"revision": 0, "steps": [{"step_id": "s", "title": tricky}]})
    log.add("step.completed", 12, {"step_id": "s", "status": "failed", "error": tricky})
    store = fold(log).store
    values = [value for _, value in store.scan("drafts", b"")]
    assert len(values) == 2
    for value in values:
        assert canonical(decode(value)) == value
    assert b'"score":1e+21' in values[0]
    assert b'"score":0.30000000000000004' in values[0]
    assert b'"score":0}' not in values[0]
    assert rb"nul \u0000 del " + b"\x7f" in values[0]


def test_a_chunk_is_sealed_after_the_delta_that_fills_it() -> None:
    log = Log().start().text(1, "a" * 2047)
    assert fold(log).head["text"]["chunks"] == 0
    log.text(2, "b\U0001f600", part=1).text(3, "c" * 5000).text(4, "d")
    result = fold(log)
    assert result.head["text"] == {
        "length": 2047 + 2 + 5000 + 1,
        "chunks": 2,
        "tail": "d",
        "deltas": [{"seq": 4, "part": 0, "length": 1}],
    }
    assert result.value("drafts", b"run-1#0") == {
        "schema_version": 1,
        "run_id": RUN,
        "chunk": 0,
        "text": "a" * 2047 + "b\U0001f600",
        "deltas": [{"seq": 1, "part": 0, "length": 2047}, {"seq": 2, "part": 1, "length": 2}],
    }
    assert result.value("drafts", b"run-1#1")["text"] == "c" * 5000
    assert result.value("drafts", b"run-1#2") is None


def test_exactly_2048_code_points_are_sealed() -> None:
    result = fold(Log().start().text(1, "a" * 2047).text(2, "b"))
    assert result.head["text"] == {"length": 2048, "chunks": 1, "tail": "", "deltas": []}


def test_strings_other_than_text_and_ids_are_cut_at_500_code_points() -> None:
    long, face = "a" * 499 + "\U0001f600b", "a" * 499 + "\U0001f600"
    name = "i" * 256
    log = Log().add(
        "run.started",
        0,
        {"agent": long, "title": long, "model": long, "thread_id": name, "parent_run_id": name},
    )
    planned = {"step_id": name, "title": long, "depends_on": [name] * 101}
    log.add("plan.created", 1, {"revision": 0, "steps": [planned]})
    done = {"step_id": name, "status": "failed", "summary": long, "error": long}
    log.add("step.completed", 2, done)
    log.add("step.started", 3, {"step_id": "t", "title": long})
    called = {"call_id": name, "name": long, "arguments": long, "step_id": name}
    log.add("tool.called", 4, called).add("tool.returned", 5, {"call_id": name, "error": long})
    more = {"url": long, "title": long, "snippet": long}
    more["cited"] = [{"start": at, "end": at} for at in range(21)]  # type: ignore[assignment]
    log.add("source.added", 6, {"source_id": name, "kind": "url", **more})
    log.add("source.added", 7, {"source_id": name, "kind": "url", **more})
    log.add("quality.checked", 8, {"check": long, "verdict": "pass", "detail": long})
    log.text(9, long)
    result = fold(log)
    head = result.head
    assert (head["agent"], head["title"], head["model"]) == (face, face, face)
    assert (head["thread_id"], head["parent_run_id"]) == (name, name)
    assert head["plan"]["steps"] == [{"step_id": name, "title": face, "depends_on": [name] * 100}]
    assert (head["steps"][0]["summary"], head["steps"][0]["error"]) == (face, face)
    assert head["steps"][1]["title"] == face
    assert (head["tools"][0]["name"], head["tools"][0]["error"]) == (face, face)
    assert head["sources"][0] | {"cited": []} == {
        "source_id": name,
        "kind": "url",
        "url": face,
        "title": face,
        "snippet": face,
        "cited": [],
    }
    assert head["sources"][0]["cited"] == [{"start": at, "end": at} for at in range(20)]
    assert head["checks"] == [{"check": face, "verdict": "pass", "score": None, "detail": face}]
    assert head["text"]["tail"] == long


def test_lists_keep_their_first_hundred_and_counts_the_true_numbers() -> None:
    log = Log().start()
    steps = [{"step_id": f"p{at}", "title": ""} for at in range(150)]
    log.add("plan.created", 1, {"revision": 0, "steps": steps})
    for at in range(150):
        seq = 4 * at + 2
        log.add("source.added", seq, {"source_id": str(at), "kind": "url"})
        log.add("quality.checked", seq + 1, {"check": str(at), "verdict": "pass"})
        log.add("tool.called", seq + 2, {"call_id": str(at), "name": "n", "arguments": 1})
        log.text(seq + 3, "a")
    log.add("step.started", 602, {"step_id": "extra"})
    log.add("source.added", 603, {"source_id": "149", "kind": "document"})
    result = fold(log)
    head = result.head
    for name in ("steps", "sources", "checks", "tools"):
        assert len(head[name]) == 100
    assert len(head["plan"]["steps"]) == 100
    assert len(head["text"]["deltas"]) == 150
    assert head["counts"] == {
        "events": 604,
        "steps": 151,
        "sources": 150,
        "checks": 150,
        "tools": 150,
    }
    result = fold(log.complete(604))
    assert result.packet["counts"] == head["counts"] | {"events": 605}
    assert result.verdict["checks"]["passed"] == 150
    assert result.verdict["steps"]["planned_not_run"] == [f"p{at}" for at in range(100)]
    assert result.verdict["steps"]["unplanned"] == ["extra"]
