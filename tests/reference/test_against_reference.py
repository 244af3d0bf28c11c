"""The product against the reference: the predicate, and the fold under crashes of all kinds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_streaming.schemas import ABSENT, BadRecord, canonical, judge, partition_for

from .canonical_json import canonical_json
from .event_fields import is_control, is_known
from .generators.choice import DrawnChooser, SeededChooser
from .generators.event_data import TypedData
from .generators.logs import GeneratedLog, bad_records_for, log_of, run_ids_of
from .generators.mutations import near_event
from .generators.runs import plain_run, run_values
from .json_text import read_json
from .judge import STRIPPED_BYTES, murmur2_partition, reference_judge
from .real_fold import Shell, differences
from .reference import reference_fold
from .strategies import DEEP, SEEDS, logs, search, seeded_log

pytestmark = pytest.mark.timeout(7_200 if DEEP else 60)

PARTITION = 3
RUN_ID = next(run_ids_of(PARTITION))


@st.composite
def near_events(draw: st.DrawFn) -> bytes:
    return near_event(DrawnChooser(draw), RUN_ID)


def assert_judged_alike(value: bytes | None, key: bytes | None) -> None:
    expected = reference_judge(value, key, PARTITION, 12)
    actual = judge(value, key, PARTITION, 12)
    if isinstance(actual, BadRecord):
        assert actual.reason == expected.reason
        assert actual.detail != ""
        return
    assert expected.reason == "ok"
    assert expected.event is not None
    assert value is not None
    event = expected.event
    assert (actual.run_id, actual.type, actual.time) == (RUN_ID, event["type"], event["time"])
    assert actual.value == value.strip(STRIPPED_BYTES)
    assert actual.is_control == is_control(event["type"])
    if not actual.is_control:
        assert actual.seq == event["seq"]
    if not actual.is_control or actual.type == "run.resumed":
        assert actual.producer_id == event["producer_id"]
        assert actual.producer_epoch == event["producer_epoch"]
    if is_known(event["type"]):
        assert canonical(actual.data) == canonical_json(event.get("data") or {})
    elif "data" in event:
        assert canonical(actual.data) == canonical_json(event["data"])
    else:
        assert actual.data is ABSENT


def test_bad_records_are_judged_alike() -> None:
    for bad in bad_records_for(RUN_ID, PARTITION):
        assert_judged_alike(bad.value, bad.key)


@search
@given(value=near_events())
def test_near_events_are_judged_alike(value: bytes) -> None:
    assert_judged_alike(value, RUN_ID.encode())


def test_many_near_events_are_judged_alike() -> None:
    for seed in range(200_000 if DEEP else 3_000):
        assert_judged_alike(near_event(SeededChooser(seed), RUN_ID), RUN_ID.encode())


@search
@given(event=near_events(), data=st.data())
def test_damaged_text_is_judged_alike(event: bytes, data: st.DataObject) -> None:
    value = bytearray(event)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(value)))
        piece = data.draw(st.sampled_from(DAMAGE))
        value[at : at + data.draw(st.integers(0, 2))] = piece
    assert_judged_alike(bytes(value), RUN_ID.encode())


DAMAGE = (
    b"", b" ", b"\n", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b"1e999", b"e5",
    b".", b"\\u", b"\\ud83d", b"\\ude00", b"\\u0000", b"\x00", b"\x7f", b"\xff", b"\xc3\xa9",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"9" * 19, b"[" * 101, b"null", b"NaN", b"/**/", b"'",
)  # fmt: skip


@search
@given(value=st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_canonical_json_is_written_alike(value: object) -> None:
    assert canonical(value) == canonical_json(value)


@search
@given(key=st.binary(min_size=1, max_size=200), partitions=st.integers(1, 1_000))
def test_keys_are_placed_alike(key: bytes, partitions: int) -> None:
    assert partition_for(key, partitions) == murmur2_partition(key, partitions)


@search
@given(log=logs(), randomness=st.randoms(use_true_random=False))
def test_logs_are_folded_alike(log: GeneratedLog, randomness: random.Random) -> None:
    assert_folded_alike(log, randomness)


@pytest.mark.parametrize("seed", SEEDS)
def test_long_logs_are_folded_alike(seed: int) -> None:
    assert_folded_alike(seeded_log(seed), random.Random(seed))


def assert_folded_alike(log: GeneratedLog, randomness: random.Random) -> None:
    """At the end and at points in the middle, drained and crashed at random points."""
    places = range(1, len(log.records) + 1)
    drains = _some(randomness, places)
    # Without a commit everything is folded again, so a crash everywhere needs drains everywhere.
    crashes = _some(randomness, places) if len(drains) > 3 else _few(randomness, places)
    assert differences(reference_fold(log.records, 12), Shell(log).run(drains, crashes)) == []
    for until in _few(randomness, places):
        prefix = GeneratedLog(log.partition, log.partitions, log.records[:until])
        assert differences(reference_fold(prefix.records, 12), Shell(prefix).run(drains)) == []


def _some(randomness: random.Random, places: range) -> set[int]:
    """No place, a few, or every one."""
    return randomness.choice((set(), _few(randomness, places), set(places)))


def _few(randomness: random.Random, places: range) -> set[int]:
    return set(randomness.sample(places, min(3, len(places))))


def folded_alike_with_crashes(values: list[bytes], crashes: set[int]) -> None:
    log = log_of(values, RUN_ID, first_offset=7)
    expected = reference_fold(log.records, 12)
    assert differences(expected, Shell(log).run()) == []
    assert differences(expected, Shell(log).run(crashes, crashes)) == []


def test_what_waits_is_bounded_by_number_alike() -> None:
    note: TypedData = ("x.note", {"text": "é"})
    values = plain_run(RUN_ID, [("run.started", {"agent": "a"}), *[note] * 1_520])
    # Three gaps; the lowest two are given up, one after the other.
    del values[510], values[500], values[1]
    folded_alike_with_crashes(values, {1, 1_000, 1_001, 1_002, 1_500, 1_501})


@pytest.mark.parametrize("size", [838_000, 845_000])
@pytest.mark.parametrize("padding", [b"", b" " * 10_000])
def test_what_waits_is_bounded_by_bytes_alike(size: int, padding: bytes) -> None:
    note: TypedData = ("x.note", "a" * size)
    values = [padding + value for value in plain_run(RUN_ID, [note] * 7)]
    folded_alike_with_crashes(values[1:], {2, 5})


@pytest.mark.parametrize("character", ["a", "é", "\n", "😀"])
def test_long_text_is_carried_alike(character: str) -> None:
    deltas: list[TypedData] = [
        ("text.delta", {"text": character * 60_000, "part": n}) for n in (1, 0)
    ]
    values = plain_run(
        RUN_ID, [("run.started", {"agent": "a"}), *deltas * 5, ("run.completed", {})]
    )
    folded_alike_with_crashes(values, {3, len(values)})


def test_runs_that_were_silent_time_out_alike() -> None:
    """What the product would append holds, and for every run that does not wait."""
    for seed in range(2_000 if DEEP else 30):
        values = run_values(SeededChooser(seed), RUN_ID, 20)
        log = log_of(values, RUN_ID)
        shell = Shell(log)
        shell.run()
        due = shell.fold.due_timeouts(now_ms=10**9, idle_ms=600_000)
        before = reference_fold(log.records, 12)
        draft = before.standing.get(("drafts", RUN_ID.encode()))
        runs_on = draft is not None and read_json(draft.decode())["waiting"] is None
        assert [key for key, _ in due] == ([RUN_ID.encode()] if runs_on else [])
        for _, value in due:
            extended = log_of([*values, value], RUN_ID)
            after = reference_fold(extended.records, 12)
            assert after.histories[RUN_ID].ended_by is not None
            assert differences(after, Shell(extended).run()) == []
