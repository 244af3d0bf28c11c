"""Epoch, owner, highest seq and end, from the events alone."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from durable_streaming.schemas.sequence import SequenceState


@dataclass(frozen=True)
class Seen:
    type: str
    seq: int | None = None
    producer_id: str | None = None
    producer_epoch: int | None = None
    data: Any = field(default_factory=dict)


def produced(seq: int, *, by: str = "a", epoch: int = 0, type: str = "text.delta") -> Seen:
    return Seen(type, seq, by, epoch)


def resumed(by: str, epoch: int) -> Seen:
    return Seen("run.resumed", None, by, epoch)


def timed_out(last_seq: int, last_epoch: int) -> Seen:
    return Seen("run.timed_out", data={"last_seq": last_seq, "last_epoch": last_epoch})


def after(*events: Seen) -> tuple[int, str | None, int, bool]:
    state = SequenceState()
    for event in events:
        state.see(event)
    return state.epoch, state.owner, state.highest_seq, state.ended


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], (-1, None, -1, False)),
        ([produced(0), produced(1)], (0, "a", 1, False)),
        ([produced(5), produced(1)], (0, "a", 5, False)),
        # Another producer under the same epoch is fenced, whatever its seq.
        ([produced(0), produced(9, by="b")], (0, "a", 0, False)),
        ([produced(0), resumed("b", 1), produced(1), produced(1, by="b", epoch=1)],
         (1, "b", 1, False)),
        # Of two takers of one epoch the first in the log owns it.
        ([produced(0), resumed("b", 1), resumed("c", 1), produced(7, by="c", epoch=1)],
         (1, "b", 0, False)),
        ([produced(0), resumed("b", 1), resumed("b", 1)], (1, "b", 0, False)),
        # A higher epoch counts without a run.resumed, too.
        ([produced(0), produced(1, by="b", epoch=3)], (3, "b", 1, False)),
        ([produced(0), produced(1, type="run.completed")], (0, "a", 1, True)),
        ([produced(0), resumed("b", 1), produced(1, type="run.failed")], (1, "b", 0, False)),
        ([produced(0), timed_out(0, 0)], (0, "a", 0, True)),
        ([produced(0), produced(1), timed_out(0, 0)], (0, "a", 1, False)),
        ([produced(0), resumed("b", 1), timed_out(0, 0)], (1, "b", 0, False)),
        ([timed_out(-1, -1)], (-1, None, -1, True)),
        ([produced(0), Seen("run.cancel_requested")], (0, "a", 0, False)),
    ],
)  # fmt: skip
def test_state_after(events: list[Seen], expected: tuple[int, str | None, int, bool]) -> None:
    assert after(*events) == expected


def test_see_says_what_counts() -> None:
    state = SequenceState()
    assert state.see(produced(0))
    assert state.see(resumed("b", 1))
    assert not state.see(produced(1))
    assert not state.see(resumed("c", 1))
    assert not state.see(resumed("b", 1))
    assert not state.see(timed_out(7, 0))
