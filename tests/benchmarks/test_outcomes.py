"""The check of the outcomes campaign notices each kind of broken promise."""

import pytest

from benchmarks.outcomes.check import Said, broken_promises
from durable_streaming.eventlog import Failed, Outcome, Record, Stored, Unknown
from durable_streaming.schemas import canonical

RUN = "r1"


def record(offset: int, seq: int) -> Record:
    event = {
        "schema_version": 1, "run_id": RUN, "seq": seq, "type": "text.delta",
        "time": "2026-01-01T00:00:00Z", "producer_id": "p", "producer_epoch": 0,
        "data": {"text": f"<0.{seq}>"},
    }  # fmt: skip
    return Record("events", 0, offset, RUN.encode(), canonical(event), 0)


def said(seq: int, outcome: Outcome | None) -> Said:
    return Said((RUN, 0, seq), f"<0.{seq}>", outcome)


RECORDS = [record(offset, offset) for offset in range(3)]
ANSWER = {RUN: "<0.0><0.1><0.2>"}


def test_what_is_as_was_said_breaks_nothing() -> None:
    # One that is stored twice is folded once, and what is unknown may be there or not.
    records = [*RECORDS, record(3, 2)]
    events = [said(0, Stored(0, 0)), said(1, Unknown("?")), said(2, Stored(0, None))]
    assert broken_promises([*events, said(3, Unknown("?"))], records, ANSWER) == []
    assert broken_promises([*events, said(3, Failed("no"))], records, ANSWER) == []


@pytest.mark.parametrize(
    ("event", "answer", "told"),
    [
        (said(0, None), ANSWER, "nothing was said"),
        (said(1, Failed("no")), ANSWER, "failed, and in the log"),
        (said(1, Stored(0, 2)), ANSWER, "not at 2 of 0"),
        (said(3, Stored(0, None)), ANSWER, "ok, and not in the log"),
        (said(1, Stored(0, 1)), {RUN: "<0.0><0.2>"}, "ok, and not folded"),
        (said(1, Unknown("?")), {RUN: "<0.0><0.1><0.1>"}, "folded 2 times"),
        (said(1, Stored(0, 1)), {}, "no packet"),
    ],
)
def test_each_broken_promise_is_named(event: Said, answer: dict[str, str], told: str) -> None:
    assert any(told in line for line in broken_promises([event], RECORDS, answer))


def test_gaps_are_named() -> None:
    assert broken_promises([], [RECORDS[0], RECORDS[2]], ANSWER) == [f"{RUN}: seqs have gaps"]
