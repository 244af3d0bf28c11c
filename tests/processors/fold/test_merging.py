"""How events of one step, source, tool or check are merged, and in which order they are shown."""

from typing import Any

import pytest

from tests.processors.fold.support import Log, fold


def head_after(*events: tuple[str, Any]) -> Any:
    log = Log().start()
    for seq, (kind, data) in enumerate(events, 1):
        log.add(kind, seq, data)
    return fold(log).head


def plan(revision: int, *steps: tuple[str, str]) -> tuple[str, Any]:
    listed = [{"step_id": step_id, "title": title} for step_id, title in steps]
    return "plan.created", {"revision": revision, "steps": listed}


def began(step_id: str, **more: Any) -> tuple[str, Any]:
    return "step.started", {"step_id": step_id, **more}


def ended(step_id: str, status: str = "succeeded", **more: Any) -> tuple[str, Any]:
    return "step.completed", {"step_id": step_id, "status": status, **more}


def shown(step_id: str, **fields: Any) -> dict[str, Any]:
    quiet = {"title": None, "status": "running", "attempt": 1, "planned": False}
    return {"step_id": step_id, **quiet, **fields}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param(
            [plan(0, ("a", "A"), ("b", "B")), began("b")],
            [
                shown("a", title="A", status="planned", attempt=0, planned=True),
                shown("b", title="B", planned=True),
            ],
            id="planned first in their order",
        ),
        pytest.param(
            [began("z"), began("y"), plan(0, ("y", "Y"), ("x", "X"))],
            [
                shown("y", title="Y", planned=True),
                shown("x", title="X", status="planned", attempt=0, planned=True),
                shown("z"),
            ],
            id="the rest after the plan's",
        ),
        pytest.param(
            [plan(0, ("a", "A"), ("b", "B"), ("c", "C")), began("b"), began("a"), plan(1)],
            [shown("b"), shown("a")],
            id="others by their first event, without a title of an older plan",
        ),
        pytest.param(
            [plan(0, ("a", "one"), ("b", "B"), ("a", "two"))],
            [
                shown("a", title="two", status="planned", attempt=0, planned=True),
                shown("b", title="B", status="planned", attempt=0, planned=True),
            ],
            id="twice in a plan: first place, last title",
        ),
        pytest.param(
            [plan(0, ("a", "A")), began("a", title="own"), began("a"), plan(1, ("a", "new"))],
            [shown("a", title="own", attempt=2, planned=True)],
            id="the title of the last start that gave one",
        ),
        pytest.param(
            [began("a", title="one"), began("a", title=""), began("a", title=None)],
            [shown("a", title="", attempt=3)],
            id="an empty title is one, null is none",
        ),
        pytest.param([began("a", attempt=7), began("a")], [shown("a", attempt=8)]),
        pytest.param([began("a", attempt=7), began("a", attempt=2)], [shown("a", attempt=2)]),
        pytest.param(
            [began("a"), ended("a", "failed", summary="s", error="e"), began("a")],
            [shown("a", attempt=2)],
            id="a second start clears summary and error",
        ),
        pytest.param(
            [began("a"), ended("a", "failed", summary="s", error="e"), ended("a", error="f")],
            [shown("a", status="succeeded", error="f")],
            id="a second completion replaces all three",
        ),
        pytest.param(
            [ended("a", "skipped", summary="s")],
            [shown("a", status="skipped", attempt=0, summary="s")],
            id="never started",
        ),
        pytest.param([ended("a", "failed"), began("a")], [shown("a", attempt=1)]),
        pytest.param(
            [plan(0, ("a", "A"), ("b", "B")), ended("a", "skipped"), plan(1, ("c", "C"))],
            [
                shown("c", title="C", status="planned", attempt=0, planned=True),
                shown("a", status="skipped", attempt=0),
            ],
            id="untouched steps of a replaced plan disappear",
        ),
    ],
)
def test_steps(events: list[tuple[str, Any]], expected: list[dict[str, Any]]) -> None:
    head = head_after(*events)
    assert head["steps"] == expected
    assert head["counts"]["steps"] == len(expected)


def test_a_plan_keeps_what_was_given() -> None:
    steps = [
        {"step_id": "a", "title": "A", "depends_on": None, "note": "x"},
        {"step_id": "b", "title": "B", "depends_on": ["a"]},
        {"step_id": "c", "title": "C", "depends_on": []},
    ]
    head = head_after(("plan.created", {"revision": 2, "steps": steps}))
    assert head["plan"] == {
        "revision": 2,
        "steps": [
            {"step_id": "a", "title": "A"},
            {"step_id": "b", "title": "B", "depends_on": ["a"]},
            {"step_id": "c", "title": "C", "depends_on": []},
        ],
    }


def source(source_id: str, **more: Any) -> tuple[str, Any]:
    return "source.added", {"source_id": source_id, "kind": "url", **more}


def test_a_source_again_replaces_the_fields_it_gives_and_adds_its_ranges() -> None:
    one, two, three = ({"start": at, "end": at + 1} for at in (1, 2, 3))
    head = head_after(
        source("a", url="u", title="t", cited=[one]),
        source("b"),
        source("a", kind="document", title="new", snippet="", cited=[two, {**three, "x": 1}]),
        source("a", title=None, cited=None),
    )
    assert head["sources"] == [
        {
            "source_id": "a",
            "kind": "url",
            "url": "u",
            "title": "new",
            "snippet": "",
            "cited": [one, two, three],
        },
        {
            "source_id": "b",
            "kind": "url",
            "url": None,
            "title": None,
            "snippet": None,
            "cited": [],
        },
    ]
    assert head["counts"]["sources"] == 2


def called(call_id: str, name: str = "n", **more: Any) -> tuple[str, Any]:
    return "tool.called", {"call_id": call_id, "name": name, "arguments": {"q": 1}, **more}


def returned(call_id: str, **more: Any) -> tuple[str, Any]:
    return "tool.returned", {"call_id": call_id, **more}


@pytest.mark.parametrize(
    ("events", "name", "step_id", "status", "error"),
    [
        ([called("c", step_id="s")], "n", "s", "called", None),
        ([called("c"), returned("c", output=None)], "n", None, "returned", None),
        ([called("c"), returned("c", output=1, error="e")], "n", None, "failed", "e"),
        ([called("c"), returned("c", error="")], "n", None, "failed", ""),
        ([called("c"), returned("c", output=1, error=None)], "n", None, "returned", None),
        ([returned("c", output=1)], None, None, "returned", None),
        ([returned("c", error="e"), called("c", step_id="s")], "n", "s", "failed", "e"),
        (
            [called("c"), returned("c", error="e"), returned("c", output=1)],
            *("n", None, "returned", None),
        ),
        (
            [called("c", step_id="s"), returned("c", error="e"), called("c", "m")],
            *("m", None, "failed", "e"),
        ),
    ],
)
def test_tools(
    events: list[tuple[str, Any]], name: str | None, step_id: str | None, status: str, error: Any
) -> None:
    assert head_after(*events)["tools"] == [
        {"call_id": "c", "name": name, "step_id": step_id, "status": status, "error": error}
    ]


def test_a_check_stands_at_its_first_place_with_what_its_last_event_gave() -> None:
    head = head_after(
        ("quality.checked", {"check": "a", "verdict": "fail", "score": 0.5, "detail": "d"}),
        ("quality.checked", {"check": "b", "verdict": "warn", "score": 2}),
        ("quality.checked", {"check": "a", "verdict": "pass"}),
    )
    assert head["checks"] == [
        {"check": "a", "verdict": "pass", "score": None, "detail": None},
        {"check": "b", "verdict": "warn", "score": 2, "detail": None},
    ]


def test_checks_are_told_apart_beyond_what_is_shown_of_their_names() -> None:
    log = Log().start()
    for seq, end in enumerate("xyx", 1):
        log.add("quality.checked", seq, {"check": "a" * 600 + end, "verdict": "warn"})
    result = fold(log.complete(4))
    assert [check["check"] for check in result.packet["checks"]] == ["a" * 500] * 2
    assert result.verdict["checks"] == {"passed": 0, "warned": 2, "failed": 0}
