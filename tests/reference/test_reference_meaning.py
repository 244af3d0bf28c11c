"""The reference's drafts, packets and verdicts, against expectations written by hand."""

from __future__ import annotations

import hashlib
from typing import Any

from .scripts import Outcome, completed, event, started, text, timed_out


def plan(seq: int, revision: int, **titles: str) -> dict[str, Any]:
    steps = [{"step_id": step_id, "title": title} for step_id, title in titles.items()]
    return event(seq, "plan.created", {"revision": revision, "steps": steps})


def step_started(seq: int, step_id: str, **data: Any) -> dict[str, Any]:
    return event(seq, "step.started", {"step_id": step_id, **data})


def step_completed(seq: int, step_id: str, status: str, **data: Any) -> dict[str, Any]:
    return event(seq, "step.completed", {"step_id": step_id, "status": status, **data})


def source(seq: int, source_id: str, **data: Any) -> dict[str, Any]:
    return event(seq, "source.added", {"source_id": source_id, "kind": "url", **data})


def test_an_empty_description_has_every_field() -> None:
    draft = Outcome(event(0, "x.a")).draft
    for name in ("agent", "title", "model", "thread_id", "parent_run_id", "plan", "waiting"):
        assert draft[name] is None
    assert (draft["tags"], draft["steps"], draft["tools"]) == ({}, [], [])
    assert draft["text"] == {"length": 0, "chunks": 0, "tail": "", "deltas": []}


def test_strings_are_cut_at_500_code_points_but_not_ids() -> None:
    draft = Outcome(started(title="😀" * 501, thread_id="t" * 256)).draft
    assert (draft["title"], draft["thread_id"]) == ("😀" * 500, "t" * 256)


def test_the_first_start_stands() -> None:
    second = event(2, "run.started", {"agent": "b", "title": "t"})
    run = Outcome(event(0, "x.a"), event(1, "run.started", {"agent": "a"}), second, completed(3))
    assert (run.packet["agent"], run.packet["title"]) == ("a", None)
    assert run.slugs == [(0, "no_start"), (2, "second_start")]


def test_steps_of_replaced_plans_disappear_unless_they_ran() -> None:
    run = Outcome(
        started(),
        plan(1, 0, a="A", b="B", c="C"),
        step_started(2, "b"),
        step_completed(3, "c", "skipped"),
        plan(4, 2, d="D"),
        plan(5, 2, a="again"),
        completed(6),
    )
    shown = [(step["step_id"], step["planned"], step["status"]) for step in run.packet["steps"]]
    assert shown == [("d", True, "planned"), ("b", False, "running"), ("c", False, "skipped")]
    assert run.packet["plan"] == {"revision": 2, "steps": [{"step_id": "d", "title": "D"}]}
    assert run.verdict["steps"] == {
        "planned_not_run": ["d"],
        "unplanned": ["b"],
        "unfinished": ["b"],
    }
    assert run.slugs == [(5, "plan_revision_not_higher")]


def test_a_step_twice_in_a_plan_keeps_its_first_place_and_last_title() -> None:
    steps = [("a", "A"), ("b", "B"), ("a", "again")]
    data = {"revision": 7, "steps": [{"step_id": s, "title": t} for s, t in steps]}
    draft = Outcome(started(), event(1, "plan.created", data)).draft
    assert [(step["step_id"], step["title"]) for step in draft["steps"]] == [
        ("a", "again"),
        ("b", "B"),
    ]
    assert len(draft["plan"]["steps"]) == 2


def test_a_step_runs_again() -> None:
    events = [
        started(),
        step_started(1, "a", title="T", attempt=4),
        step_completed(2, "a", "failed", summary="s", error="e"),
        step_started(3, "a"),
    ]
    again = Outcome(*events).draft["steps"]
    assert again == [
        {"step_id": "a", "title": "T", "status": "running", "attempt": 5, "planned": False}
    ]
    done = Outcome(*events, step_completed(4, "a", "succeeded", summary="x")).draft["steps"]
    assert (done[0]["summary"], "error" in done[0]) == ("x", False)


def test_completions_that_make_no_sense() -> None:
    run = Outcome(
        started(),
        step_completed(1, "a", "skipped"),
        step_completed(2, "a", "succeeded"),
        step_completed(3, "b", "failed"),
        step_completed(4, "c", "skipped"),
        completed(5),
    )
    assert run.slugs == [(2, "step_completed_twice"), (3, "step_never_started")]
    assert [step["attempt"] for step in run.packet["steps"]] == [0, 0, 0]
    assert run.verdict["steps"] == {"planned_not_run": [], "unplanned": [], "unfinished": []}


def test_a_source_again_replaces_what_it_gives_and_keeps_its_place() -> None:
    run = Outcome(
        started(),
        source(1, "a", url="u", title="t", cited=[{"start": 0, "end": 1}]),
        source(2, "b"),
        source(3, "a", title="new", kind="document", cited=[{"start": 5, "end": 2}] * 25),
    )
    first, second = run.draft["sources"]
    assert (first["url"], first["title"], first["kind"]) == ("u", "new", "document")
    assert len(first["cited"]) == 20
    assert first["cited"][:2] == [{"start": 0, "end": 1}, {"start": 5, "end": 2}]
    assert second == {
        "source_id": "b",
        "kind": "url",
        "url": None,
        "title": None,
        "snippet": None,
        "cited": [],
    }


def test_a_check_shows_its_last_event_at_its_first_place() -> None:
    def check(seq: int, name: str, verdict: str, **data: Any) -> dict[str, Any]:
        return event(seq, "quality.checked", {"check": name, "verdict": verdict, **data})

    run = Outcome(
        started(),
        check(1, "a", "pass", score=1.50, detail="d"),
        check(2, "b", "warn"),
        check(3, "a", "fail"),
        completed(4),
    )
    assert run.packet["checks"] == [
        {"check": "a", "verdict": "fail", "score": None, "detail": None},
        {"check": "b", "verdict": "warn", "score": None, "detail": None},
    ]
    assert run.verdict["checks"] == {"passed": 0, "warned": 1, "failed": 1}


def test_tools_keep_their_status_through_a_second_call() -> None:
    def returned(seq: int, **data: Any) -> dict[str, Any]:
        return event(seq, "tool.returned", {"call_id": "c", **data})

    def called(seq: int, **data: Any) -> dict[str, Any]:
        data = {"call_id": "c", "name": "n", "arguments": {}, **data}
        return event(seq, "tool.called", data)

    run = Outcome(started(), called(1, step_id="s"), returned(2, error="e", output=1))
    tool = {"call_id": "c", "name": "n", "step_id": "s", "status": "failed", "error": "e"}
    assert run.draft["tools"] == [tool]
    run = Outcome(
        started(), called(1, step_id="s"), returned(2, error="e"), called(3, name="m"), completed(4)
    )
    assert run.packet["tools"] == [tool | {"name": "m", "step_id": None}]
    run = Outcome(started(), returned(1, output=None), returned(2, output=1), completed(3))
    assert run.packet["tools"][0]["name"] is None
    assert run.slugs == [(1, "tool_never_called"), (2, "tool_never_called")]


def test_a_run_waits_until_the_next_folded_producer_event() -> None:
    waiting = [started(), event(1, "run.waiting", {"for": "input"})]
    assert Outcome(*waiting).draft["waiting"] == "input"
    assert Outcome(*waiting, event(None, "control.a")).draft["waiting"] == "input"
    assert Outcome(*waiting, text(3, "waits too")).draft["waiting"] == "input"
    assert Outcome(*waiting, event(2, "x.a")).draft["waiting"] is None


def test_lists_keep_their_first_hundred_and_counts_tell_the_truth() -> None:
    many = [source(seq, f"s{seq}") for seq in range(1, 121)]
    claimed = {"text": "", "source_ids": [f"t{n}" for n in range(130)]}
    run = Outcome(started(), *many, completed(121, answer=claimed))
    assert (len(run.packet["sources"]), run.packet["counts"]["sources"]) == (100, 120)
    assert len(run.verdict["sources"]["streamed_only"]) == 100
    assert run.verdict["sources"]["final_only"][:2] == ["t0", "t1"]
    unknown = [event(seq, "custom") for seq in range(1, 121)]
    run = Outcome(started(), *unknown, completed(121))
    assert (len(run.slugs), run.sequence["violation_count"]) == (100, 120)


def test_text_is_sealed_by_the_delta_that_reaches_2048_code_points() -> None:
    run = Outcome(started(), text(1, "a" * 2_047), text(2, "😀😀", part=3), text(3, "b"))
    assert run.draft["text"] == {
        "length": 2_050,
        "chunks": 1,
        "tail": "b",
        "deltas": [{"seq": 3, "part": 0, "length": 1}],
    }
    chunk = run.record("drafts", "#0")
    assert chunk["text"] == "a" * 2_047 + "😀😀"
    assert chunk["deltas"][1] == {"seq": 2, "part": 3, "length": 2}
    ended = Outcome(started(), text(1, "a" * 2_048), completed(2))
    assert (ended.draft, ended.record("drafts", "#0")) == (None, None)


def test_parts_are_joined_in_the_order_of_the_answer() -> None:
    deltas = [started(), text(1, "B", part=1), text(2, "A"), text(3, "b", part=1)]
    assert Outcome(*deltas, completed(4)).packet["text"] == "ABb"
    digest = hashlib.sha256(b"BbA").hexdigest()
    answer = {"length": 3, "sha256": digest, "parts": [1, 9, 0]}
    run = Outcome(*deltas, completed(4, answer=answer))
    assert (run.packet["text"], run.verdict["verdict"]) == ("BbA", "reconciled")
    run = Outcome(*deltas, completed(4, answer={"text": "", "parts": []}))
    assert (run.verdict["text"]["streamed_length"], run.verdict["verdict"]) == (0, "reconciled")


def test_a_long_text_is_carried_in_chunks() -> None:
    words = ["x" * 70_000, *["é" * 100_000] * 5]
    deltas = [text(seq, words[seq - 1]) for seq in range(1, 7)]
    run = Outcome(started(), *deltas, completed(7))
    whole = "".join(words)
    assert (run.packet["text"], run.packet["text_chunks"]) == (None, 9)
    assert run.packet["text_sha256"] == hashlib.sha256(whole.encode()).hexdigest()
    assert "".join(run.record("packets", f"#{n}")["text"] for n in range(9)) == whole
    assert len(run.record("packets", "#8")["text"]) == 570_000 - 8 * 65_536
    # The limit counts canonical JSON, quotes and escapes included.
    short = Outcome(started(), completed(1, answer={"text": "a" * 524_286}))
    assert short.packet["text_chunks"] == 0
    long = Outcome(started(), completed(1, answer={"text": "a" * 524_285 + "\n"}))
    assert long.packet["text_chunks"] == 8


def test_the_first_difference_is_found_at_its_code_point() -> None:
    deltas = [started(), text(1, "👩\u200d👧"), text(2, "e\u0301!")]

    def verdict(claimed: str) -> tuple[Any, ...]:
        found = Outcome(*deltas, completed(3, answer={"text": claimed})).verdict
        return (
            found["verdict"],
            found["text"]["first_difference"],
            found["text"]["first_difference_seq"],
        )

    assert verdict("👩\u200d👧e\u0301!") == ("reconciled", None, None)
    assert verdict("👩\u200d👧é!") == ("diverged", 3, 2)
    assert verdict("👩\u200d👦e\u0301!") == ("diverged", 2, 1)
    assert verdict("👩\u200d👧e\u0301") == ("diverged", 5, 2)
    assert verdict("👩\u200d👧e\u0301!?") == ("diverged", 6, None)
    assert verdict("") == ("diverged", 0, 1)


def test_an_empty_text_is_a_claim() -> None:
    run = Outcome(started(), completed(1, answer={"text": ""}))
    assert run.verdict["verdict"] == "reconciled"
    assert (run.verdict["text"]["final_length"], run.packet["text"]) == (0, "")
    assert Outcome(started(), completed(1, answer=None)).verdict["verdict"] == "unclaimed"


def test_an_answer_by_digest_must_agree_in_both() -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    for length, sha256, expected in (
        (3, digest, "reconciled"),
        (4, digest, "diverged"),
        (3, "0" * 64, "diverged"),
    ):
        answer = {"length": length, "sha256": sha256}
        run = Outcome(started(), text(1, "abc"), completed(2, answer=answer))
        assert run.verdict["verdict"] == expected
        assert run.verdict["text"]["first_difference"] is None
        assert run.verdict["text"]["final_length"] == length
        assert run.packet["text"] == "abc"
    ignored = {"text": "abc", "length": 9, "sha256": "0" * 64}
    run = Outcome(started(), text(1, "abc"), completed(2, answer=ignored))
    assert (run.verdict["verdict"], run.verdict["text"]["final_length"]) == ("reconciled", 3)


def test_sources_are_compared_as_sets_where_they_are_claimed() -> None:
    events = [started(), source(1, "a"), source(2, "b")]

    def verdict(**answer: Any) -> tuple[Any, ...]:
        found = Outcome(*events, completed(3, answer={"text": "", **answer})).verdict
        return found["verdict"], found["sources"]["streamed_only"], found["sources"]["final_only"]

    assert verdict() == ("reconciled", [], [])
    assert verdict(source_ids=["b", "a", "b"]) == ("reconciled", [], [])
    assert verdict(source_ids=["c", "b"]) == ("diverged", ["a"], ["c"])
    assert verdict(source_ids=[]) == ("diverged", ["a", "b"], [])


def test_an_error_is_carried_without_what_it_does_not_know() -> None:
    error = {"type": "cut", "message": "m" * 501, "code": 7}
    run = Outcome(started(), event(1, "run.failed", {"error": error, "usage": {"a": ["b" * 600]}}))
    assert run.packet["error"] == {"type": "cut", "message": "m" * 500}
    assert run.packet["usage"] == {"a": ["b" * 600]}


def test_a_run_that_timed_out_is_incomplete_though_nothing_is_missing() -> None:
    run = Outcome(started(), text(1, "a"), timed_out(1, 0))
    assert run.sequence["missing"] == []
    assert run.verdict["verdict"] == "incomplete"
    assert run.verdict["text"]["final_length"] is None
