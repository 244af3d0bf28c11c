"""Which class each producer event falls in: late, fenced, duplicate, conflict, folded, pending."""

from typing import Any

import pytest

from tests.processors.fold.support import Log, fold


def started() -> Log:
    return Log().start().text(1, "a").text(2, "b")


def refused(log: Log, end: int) -> dict[str, Any]:
    """What the reconciliation counts, once the run is completed at `end`; zeros left out."""
    sequence = fold(log.complete(end)).sequence
    assert sequence.pop("last") == end
    return {name: value for name, value in sequence.items() if value}


def conflict(seq: int, offset: int) -> dict[str, Any]:
    return {"conflicts": [{"seq": seq, "offset": offset}], "conflict_count": 1}


@pytest.mark.parametrize(
    ("log", "end", "expected"),
    [
        pytest.param(started(), 3, {}, id="in order"),
        pytest.param(started().text(2, "b"), 3, {"duplicates": 1}, id="same again"),
        pytest.param(
            started().text(2, "b", time="2027-01-01T00:00:00Z"),
            3,
            {"duplicates": 1},
            id="only type and data are compared",
        ),
        pytest.param(
            started().add("text.delta", 2, {"text": "b"}, extra=1),
            3,
            {"duplicates": 1},
            id="members beside data are not compared",
        ),
        pytest.param(started().text(2, "B"), 3, conflict(2, 3), id="other text"),
        pytest.param(
            started().add("reasoning.delta", 2, {"text": "b"}),
            3,
            conflict(2, 3),
            id="other type with the same data",
        ),
        pytest.param(
            started().text(2, "b", part=0),
            3,
            conflict(2, 3),
            id="a default that is written out is other data",
        ),
        pytest.param(
            started().add("x.note", 3, {"n": 1}).add("x.note", 3, {"n": 1.0}),
            4,
            {"duplicates": 1},
            id="equal canonical numbers",
        ),
        pytest.param(
            started().add("x.note", 3, {"a": 1, "b": 2}).add("x.note", 3, {"b": 2, "a": 1}),
            4,
            {"duplicates": 1},
            id="order of keys does not matter",
        ),
        pytest.param(
            started().add("x.note", 3).add("x.note", 3, data={}).add("x.note", 3),
            4,
            {**conflict(3, 4), "duplicates": 1},
            id="in x.* no data is not an empty object",
        ),
        pytest.param(
            started().text(5, "w").text(5, "w").text(5, "v").text(3, "c").text(4, "d"),
            6,
            {**conflict(5, 5), "duplicates": 1},
            id="copies of what waits",
        ),
        pytest.param(
            started().text(2, "v" * 100).text(3, "v" * 100).text(3, "v" * 100).text(3, "w" * 100),
            4,
            {"conflicts": [{"seq": 2, "offset": 3}, {"seq": 3, "offset": 6}], "conflict_count": 2}
            | {"duplicates": 1},
            id="long texts",
        ),
    ],
)
def test_copies_are_told_from_contradictions(log: Log, end: int, expected: dict[str, Any]) -> None:
    assert refused(log, end) == expected


def test_null_data_of_a_known_type_is_an_empty_object() -> None:
    log = started().complete(4).add("run.completed", 4, {}).add("run.completed", 4)
    log.raw(log.records[-1].value.replace(b'"data":{},', b"").replace(b"{", b'{"data":null,', 1))  # type: ignore[union-attr]
    # `complete` claims `answer: null`, which is other data than none at all.
    assert refused(log, 3)["conflict_count"] == 3
    log = started().add("run.completed", 4, {}).add("run.completed", 4)
    log.raw(log.records[-1].value.replace(b"{", b'{"data":null,', 1))  # type: ignore[union-attr]
    result = fold(log.text(3, "c"))
    assert result.sequence["duplicates"] == 2
    assert result.sequence["conflict_count"] == 0


@pytest.mark.parametrize(
    ("seq", "duplicates", "conflicts"),
    [(135, 0, 1), (136, 0, 1), (199, 0, 1), (134, 1, 0), (0, 1, 0)],
)
def test_more_than_64_below_the_highest_folded_is_a_duplicate_unseen(
    seq: int, duplicates: int, conflicts: int
) -> None:
    log = Log().start()
    for at in range(1, 200):
        log.text(at, "a")
    sequence = fold(log.text(seq, "other").complete(200)).sequence
    assert (sequence["duplicates"], sequence["conflict_count"]) == (duplicates, conflicts)


def test_what_is_compared_is_counted_from_the_highest_folded_not_the_highest_seen() -> None:
    log = Log().start().text(1, "a").text(500, "waits").text(1, "other")
    assert fold(log).value("drafts", b"run-1")["highest_seq"] == 500
    log.resumed(1, "p-1").complete(501, epoch=1, producer="p-1")
    assert fold(log).sequence["conflicts"] == [{"seq": 1, "offset": 3}]


def test_conflicts_keep_their_first_hundred() -> None:
    log = started()
    for _ in range(130):
        log.text(2, "other")
    sequence = fold(log.complete(3)).sequence
    assert sequence["conflict_count"] == 130
    assert [entry["offset"] for entry in sequence["conflicts"]] == list(range(3, 103))


@pytest.mark.parametrize(
    ("log", "end", "expected"),
    [
        pytest.param(
            started().text(3, "new", epoch=1, producer="p-1").text(4, "old"),
            4,
            {"fenced": 1},
            id="lower epoch",
        ),
        pytest.param(
            started().text(3, "other", producer="p-9"), 3, {"fenced": 1}, id="epoch of another"
        ),
        pytest.param(
            started().text(2, "b", epoch=1, producer="p-1").text(3, "old"),
            3,
            {"duplicates": 1, "fenced": 1},
            id="a duplicate shows its epoch all the same",
        ),
        pytest.param(
            started().text(2, "other", producer="p-9"),
            3,
            {"fenced": 1},
            id="fenced before it is compared",
        ),
    ],
)
def test_fenced(log: Log, end: int, expected: dict[str, Any]) -> None:
    newest = fold(log).head["producer_epoch"]
    log.add("x.end", end, epoch=newest, producer="p-1" if newest else "p-0")
    result = fold(log.complete(end + 1, epoch=newest, producer="p-1" if newest else "p-0"))
    counted = {name: value for name, value in result.sequence.items() if value}
    del counted["last"]
    assert counted == expected


def test_fenced_events_do_not_raise_the_highest_seq() -> None:
    log = started().text(3, "c", epoch=2, producer="p-2").text(9, "x", epoch=1, producer="p-1")
    head = fold(log).head
    assert (head["highest_seq"], head["producer_epoch"]) == (3, 2)
    assert head["pending"] == 0


def test_an_epoch_is_seen_from_an_event_that_is_late_by_a_given_up_gap() -> None:
    log = Log().start().text(5, "waits").resumed(1, "p-1")
    log.text(3, "late", epoch=2, producer="p-2").text(6, "fenced", epoch=1, producer="p-1")
    head = fold(log).head
    assert head["producer_epoch"] == 2
    assert head["applied"]["seq"] == 5


def test_given_up_seqs_are_late_however_far_below() -> None:
    log = Log().start().text(5, "waits").resumed(1, "p-1")
    for seq in range(6, 106):
        log.text(seq, "a", epoch=1, producer="p-1")
    log.text(3, "late", epoch=1, producer="p-1").complete(106, epoch=1, producer="p-1")
    sequence = fold(log).sequence
    assert (sequence["late"], sequence["duplicates"]) == (1, 0)
    assert sequence["missing"] == [[1, 4]]
    assert sequence["missing_count"] == 4
