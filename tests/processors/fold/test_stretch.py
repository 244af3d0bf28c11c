"""Deltas that are folded together give what each by itself gives."""

from collections.abc import Callable
from typing import Any

import pytest

from durable_streaming.processors.fold import PartitionFold
from tests.processors.fold.support import RUN, Log, Record, fold, fold_with

Data = dict[str, Any]

KINDS: dict[str, tuple[str, Callable[[int], Data]]] = {
    "plain": ("text.delta", lambda n: {"text": f"word {n} "}),
    "part 0": ("text.delta", lambda n: {"text": f"word {n} ", "part": 0}),
    "part 1": ("text.delta", lambda n: {"text": f"word {n} ", "part": 1}),
    "more fields": ("text.delta", lambda n: {"text": f"word {n} ", "note": "more"}),
    "some long": ("text.delta", lambda n: {"text": f"{n} " + "longer than most. " * (n % 7)}),
    "past a chunk": ("text.delta", lambda n: {"text": f"{n} " + "\N{GRINNING FACE}" * 300}),
    "reasoning": ("reasoning.delta", lambda n: {"text": f"thought {n} "}),
}

each_kind = pytest.mark.parametrize("kind", KINDS)


def deltas(kind: str, count: int) -> Log:
    log = Log().start()
    name, data = KINDS[kind]
    for seq in range(1, count + 1):
        log.add(name, seq, data(seq))
    return log


@each_kind
@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 66, 200])
def test_head_chunks_and_state_do_not_depend_on_how_many_are_folded_at_once(
    kind: str, count: int
) -> None:
    records = deltas(kind, count).records
    one_by_one = fold_with(records, drains=range(len(records)))
    together = fold_with(records)
    for topic in ("drafts", "state"):
        assert dict(together.scan(topic, b"")) == dict(one_by_one.scan(topic, b""))


@each_kind
def test_copies_and_conflicts_inside_a_stretch_are_told_apart(kind: str) -> None:
    log = deltas(kind, 100)
    name, data = KINDS[kind]
    for seq in (1, 40, 99, 100):
        log.add(name, seq, data(seq))
    # The first is too far back to be compared.
    for seq in (2, 41, 98):
        log.add(name, seq, data(seq) | {"text": "another"})
    log.add(name, 50, data(50) | {"part": 7})
    sequence = fold(log.complete(101)).sequence
    assert sequence["duplicates"] == 5
    assert [conflict["seq"] for conflict in sequence["conflicts"]] == [41, 98, 50]


def test_what_breaks_a_stretch_is_folded_in_its_place() -> None:
    log = Log().start().text(1, "a").text(2, "b").text(3, "c", part=1).text(4, "d")
    log.add("reasoning.delta", 5, {"text": "hm"}).add("reasoning.delta", 6, {"text": "so"})
    log.text(8, "f").text(7, "e").text(9, "g").resumed(1, "p-1").text(10, "x")
    log.text(10, "h", epoch=1, producer="p-1").text(11, "i", epoch=1, producer="p-1")
    folded = fold(log)
    assert folded.head["text"]["tail"] == "abcdefghi"
    assert [(d["seq"], d["part"]) for d in folded.head["text"]["deltas"]] == [
        *((1, 0), (2, 0), (3, 1), (4, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 0)),
    ]
    assert folded.head["reasoning_length"] == 4
    assert fold(log.complete(12, epoch=1, producer="p-1")).sequence["fenced"] == 1


def test_a_delta_under_another_key_breaks_no_stretch() -> None:
    log = Log().start().text(1, "a").text(2, "b")
    stranger = log.records[-1]
    log.raw(stranger.value, b"another").text(3, "c")
    folded = fold(log)
    assert folded.head["text"]["tail"] == "abc"
    assert len(folded.letters) == 1


def test_a_run_in_a_stretch_is_timed_out_as_of_its_last_event() -> None:
    log = Log().start().text(1, "a").text(2, "b").text(3, "c")
    partition = PartitionFold(0, 1, store=fold_with([]))
    partition.feed_all(log.records)
    last: Record = log.records[-1]
    assert partition.due_timeouts(last.timestamp_ms + 9, 10) == []
    ((key, value),) = partition.due_timeouts(last.timestamp_ms + 10, 10)
    assert key == RUN.encode()
    assert b'"last_seq":3' in value
