"""What makes no sense where it stands is folded as far as it means something, and listed."""

from typing import Any

import pytest

from tests.processors.fold.support import Log, fold


def step(status: str = "succeeded", step_id: str = "s") -> tuple[str, dict[str, Any]]:
    return "step.completed", {"step_id": step_id, "status": status}


def begin(**more: Any) -> tuple[str, dict[str, Any]]:
    return "step.started", {"step_id": "s", **more}


def plan(revision: int) -> tuple[str, dict[str, Any]]:
    return "plan.created", {"revision": revision, "steps": []}


START = ("run.started", {"agent": "guide"})
CALL = ("tool.called", {"call_id": "c", "name": "search", "arguments": None})
RETURN = ("tool.returned", {"call_id": "c", "output": None})


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([START], [], id="none"),
        pytest.param([begin(), START], [(0, "no_start")], id="start comes second"),
        pytest.param([START, START, START], [(1, "second_start"), (2, "second_start")]),
        pytest.param([START, step("failed")], [(1, "step_never_started")]),
        pytest.param([START, step("skipped")], [], id="skipped without a start"),
        pytest.param([START, begin(), step(), step()], [(3, "step_completed_twice")]),
        pytest.param([START, begin(), step(), begin(), step()], [], id="started again"),
        pytest.param(
            [START, step(), step()],
            [(1, "step_never_started"), (2, "step_completed_twice")],
            id="twice alone where both hold",
        ),
        pytest.param([START, step("skipped"), step("skipped")], [(2, "step_completed_twice")]),
        pytest.param([START, begin(attempt=0), step()], [], id="attempt 0 is a start"),
        pytest.param([START, RETURN], [(1, "tool_never_called")]),
        pytest.param(
            [START, RETURN, RETURN, CALL, RETURN],
            [
                (1, "tool_never_called"),
                (2, "tool_never_called"),
            ],
        ),
        pytest.param([START, CALL, RETURN, RETURN, CALL], [], id="tools may repeat"),
        pytest.param([START, plan(3), plan(3)], [(2, "plan_revision_not_higher")]),
        pytest.param([START, plan(3), plan(0), plan(4)], [(2, "plan_revision_not_higher")]),
        pytest.param([START, ("y.note", None)], [(1, "unknown_type")]),
        pytest.param([START, ("x.note", None), ("x.", None)], []),
        pytest.param([("x", 1)], [(0, "no_start"), (0, "unknown_type")], id="two at one"),
        pytest.param([step()], [(0, "no_start"), (0, "step_never_started")]),
        pytest.param([RETURN], [(0, "no_start"), (0, "tool_never_called")]),
    ],
)
def test_violations(events: list[tuple[str, Any]], expected: list[tuple[int | None, str]]) -> None:
    log = Log()
    for seq, (kind, data) in enumerate(events):
        log.add(kind, seq, data)
    assert fold(log.complete(len(events))).violations == expected


def test_the_end_can_be_the_first_folded_event() -> None:
    result = fold(Log().complete(0))
    assert result.violations == [(0, "no_start")]
    assert result.packet["agent"] is None
    assert result.packet["tags"] == {}
    assert result.verdict["verdict"] == "unclaimed"


def test_the_first_start_stands() -> None:
    log = Log().start().add("run.started", 1, {"agent": "other", "title": "t"}).complete(2)
    packet = fold(log).packet
    assert (packet["agent"], packet["title"]) == ("guide", None)


def test_an_ignored_plan_changes_nothing_but_the_counts() -> None:
    steps = [{"step_id": "a", "title": "A"}]
    log = Log().start().add("plan.created", 1, {"revision": 1, "steps": steps})
    log.add("plan.created", 2, {"revision": 1, "steps": []})
    head = fold(log).head
    assert head["plan"] == {"revision": 1, "steps": steps}
    assert head["counts"]["events"] == 3


def test_violations_keep_their_first_hundred() -> None:
    log = Log().start()
    for seq in range(1, 131):
        log.add("unheard-of", seq)
    sequence = fold(log.complete(131)).sequence
    assert sequence["violation_count"] == 130
    assert [entry["seq"] for entry in sequence["violations"]] == list(range(1, 101))
