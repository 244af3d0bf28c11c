"""The verdict: what was streamed against what is claimed."""

from hashlib import sha256
from typing import Any

import pytest

from durable_streaming.schemas import canonical
from tests.processors.fold.support import RUN, Log, fold


def hexdigest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_the_whole_record() -> None:
    log = Log().start().text(1, "Kafka").text(2, " kept").add("x.note", 3)
    result = fold(log.complete(4, {"text": "Kafka keeps"}))
    assert result.verdict == {
        "schema_version": 1,
        "run_id": RUN,
        "verdict": "diverged",
        "text": {
            "streamed_length": 10,
            "final_length": 11,
            "first_difference": 8,
            "first_difference_seq": 2,
            "streamed_sha256": hexdigest("Kafka kept"),
            "final_sha256": hexdigest("Kafka keeps"),
        },
        "sequence": {
            "last": 4,
            "missing": [],
            "missing_count": 0,
            "duplicates": 0,
            "conflicts": [],
            "conflict_count": 0,
            "late": 0,
            "fenced": 0,
            "violations": [],
            "violation_count": 0,
        },
        "steps": {"planned_not_run": [], "unplanned": [], "unfinished": []},
        "sources": {"streamed_only": [], "final_only": []},
        "checks": {"passed": 0, "warned": 0, "failed": 0},
        "events": {"partition": 0, "first_offset": 0, "last_offset": 4, "count": 5},
        "applied": {"partition": 0, "offset": 4},
    }
    assert canonical(result.verdict) == result.store.get("reconciliations", RUN.encode())


@pytest.mark.parametrize(
    ("deltas", "claimed", "difference", "seq"),
    [
        pytest.param(["abc", "def"], "abcdef", None, None, id="equal"),
        pytest.param(["abc", "def"], "Xbcdef", 0, 1, id="first code point"),
        pytest.param(["abc", "def"], "abXdef", 2, 1, id="last of a delta"),
        pytest.param(["abc", "def"], "abcXef", 3, 2, id="first of a delta"),
        pytest.param(["abc", "def"], "abcdeX", 5, 2, id="last code point"),
        pytest.param(["abc", "def"], "abcde", 5, 2, id="claim is shorter"),
        pytest.param(["abc", "def"], "abcdefg", 6, None, id="past the streamed end"),
        pytest.param(["abc"], "", 0, 1, id="empty claim"),
        pytest.param([], "abc", 0, None, id="nothing streamed"),
        pytest.param([], "", None, None, id="both empty"),
        pytest.param(["e\u0301"], "\u00e9", 0, 1, id="no normalisation"),
        pytest.param(["a\U0001f600b"], "a\U0001f600c", 2, 1, id="astral: code points"),
        pytest.param(["a\r\nb"], "a\nb", 1, 1, id="line ends"),
        pytest.param(["a"] * 5000, "a" * 4321 + "b" + "a" * 678, 4321, 4322, id="in a chunk"),
    ],
)
def test_first_difference(
    deltas: list[str], claimed: str, difference: int | None, seq: int | None
) -> None:
    log = Log().start()
    for at, delta in enumerate(deltas, 1):
        log.text(at, delta)
    verdict = fold(log.complete(len(deltas) + 1, {"text": claimed})).verdict
    assert verdict["text"]["first_difference"] == difference
    assert verdict["text"]["first_difference_seq"] == seq
    assert verdict["verdict"] == ("reconciled" if difference is None else "diverged")


@pytest.mark.parametrize(
    ("parts", "claimed", "verdict", "difference", "seq"),
    [
        (None, "onetwothree", "reconciled", None, None),
        ([0, 1, 2], "onetwothree", "reconciled", None, None),
        ([2, 0], "threeone", "reconciled", None, None),
        ([2, 0], "threeOne", "diverged", 5, 2),
        ([2, 0], "thrXeone", "diverged", 3, 4),
        ([0, 5], "one", "reconciled", None, None),
        ([0, 5], "one!", "diverged", 3, None),
        ([5], "", "reconciled", None, None),
        ([], "", "reconciled", None, None),
        ([], "x", "diverged", 0, None),
    ],
)
def test_parts(
    parts: Any, claimed: str, verdict: str, difference: int | None, seq: int | None
) -> None:
    log = Log().start().text(1, "thr", part=2).text(2, "one").text(3, "two", part=1)
    log.text(4, "ee", part=2).complete(5, {"text": claimed, "parts": parts})
    found = fold(log).verdict
    assert found["verdict"] == verdict
    assert found["text"]["first_difference"] == difference
    assert found["text"]["first_difference_seq"] == seq
    lengths = {0: 3, 1: 3, 2: 5}
    streamed = sum(lengths.get(part, 0) for part in (lengths if parts is None else parts))
    assert found["text"]["streamed_length"] == streamed


@pytest.mark.parametrize(
    ("length", "digest", "verdict"),
    [
        (3, hexdigest("abc"), "reconciled"),
        (4, hexdigest("abc"), "diverged"),
        (3, hexdigest("abd"), "diverged"),
    ],
)
def test_a_claim_by_length_and_digest_must_agree_in_both(
    length: int, digest: str, verdict: str
) -> None:
    log = Log().start().text(1, "abc").complete(2, {"length": length, "sha256": digest})
    found = fold(log).verdict
    assert found["verdict"] == verdict
    assert found["text"]["final_length"] == length
    assert found["text"]["final_sha256"] == digest
    assert found["text"]["first_difference"] is None


def test_with_a_text_length_and_digest_are_ignored() -> None:
    answer = {"text": "abc", "length": 7, "sha256": "0" * 64}
    found = fold(Log().start().text(1, "abc").complete(2, answer)).verdict
    assert found["verdict"] == "reconciled"
    assert found["text"]["final_length"] == 3


@pytest.mark.parametrize(
    ("claimed", "verdict", "streamed_only", "final_only"),
    [
        (["b", "a"], "reconciled", [], []),
        (["a", "b", "a"], "reconciled", [], []),
        (["a"], "diverged", ["b"], []),
        (["z", "a", "y", "z"], "diverged", ["b"], ["z", "y"]),
        ([], "diverged", ["b", "a"], []),
        (None, "reconciled", [], []),
    ],
)
def test_sources(
    claimed: Any, verdict: str, streamed_only: list[str], final_only: list[str]
) -> None:
    log = Log().start().text(1, "t")
    for seq, source_id in enumerate("bab", 2):
        log.add("source.added", seq, {"source_id": source_id, "kind": "url"})
    found = fold(log.complete(5, {"text": "t", "source_ids": claimed})).verdict
    assert found["verdict"] == verdict
    assert found["sources"] == {"streamed_only": streamed_only, "final_only": final_only}


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        (Log().start().text(1, "a").complete(2), "unclaimed"),
        (Log().start().complete(1, {"text": ""}), "reconciled"),
        (Log().start().text(2, "b").resumed(1, "q"), None),
    ],
)
def test_verdicts(log: Log, verdict: str | None) -> None:
    found = fold(log).verdict
    assert (found and found["verdict"]) == verdict


def test_missing_outranks_diverged_and_unclaimed() -> None:
    for answer in ({"text": "x"}, None, {"text": "b"}):
        log = Log().start().text(2, "b").resumed(1, "q")
        verdict = fold(log.complete(3, answer, epoch=1, producer="q")).verdict
        assert verdict["verdict"] == "incomplete"


def test_a_failed_run_may_claim_an_answer() -> None:
    data = {"error": {"type": "cut", "message": ""}, "answer": {"text": "x"}}
    verdict = fold(Log().start().text(1, "a").add("run.failed", 2, data)).verdict
    assert verdict["verdict"] == "diverged"


def test_steps() -> None:
    log = Log().start()
    steps = [{"step_id": step_id, "title": ""} for step_id in "abcdef"]
    log.add("plan.created", 1, {"revision": 0, "steps": steps})
    for seq, (kind, step_id, status) in enumerate(
        [
            ("step.started", "z", None),
            ("step.started", "c", None),
            ("step.started", "a", None),
            ("step.completed", "a", "failed"),
            ("step.started", "a", None),
            ("step.completed", "b", "skipped"),
            ("step.completed", "d", "succeeded"),
            ("step.started", "e", None),
            ("step.completed", "e", "succeeded"),
            ("step.completed", "y", "succeeded"),
        ],
        2,
    ):
        log.add(kind, seq, {"step_id": step_id} | ({"status": status} if status else {}))
    assert fold(log.complete(12)).verdict["steps"] == {
        "planned_not_run": ["d", "f"],
        "unplanned": ["z"],
        "unfinished": ["a", "c", "z"],
    }


def test_without_a_plan_every_started_step_is_unplanned() -> None:
    log = Log().start().add("step.started", 1, {"step_id": "a"}).complete(2)
    assert fold(log).verdict["steps"]["unplanned"] == ["a"]


def test_checks_count_the_last_verdict_of_each() -> None:
    log = Log().start()
    verdicts = [("a", "fail"), ("b", "warn"), ("a", "pass"), ("c", "fail"), ("d", "fail")]
    for seq, (check, verdict) in enumerate(verdicts, 1):
        log.add("quality.checked", seq, {"check": check, "verdict": verdict})
    found = fold(log.complete(6)).verdict["checks"]
    assert found == {"passed": 1, "warned": 1, "failed": 2}


class TestLateRecords:
    def test_raise_late_by_one_each_and_move_applied(self) -> None:
        log = Log().start().text(1, "a").complete(2, {"text": "a"})
        before = fold(log)
        log.text(1, "a").text(3, "z").complete(2, {"text": "other"}).resumed(5, "q")
        log.control("run.cancel_requested").control("control.new").add("y.note", 4)
        after = fold(log)
        assert after.packet == before.packet
        expected = before.verdict
        expected["sequence"]["late"] = 7
        expected["applied"]["offset"] = 9
        assert after.verdict == expected

    def test_bad_records_do_not_count(self) -> None:
        log = Log().start().complete(1)
        assert fold(log.raw(b"bad")).sequence["late"] == 0
