"""Random logs, split and resumed anywhere: always the same bytes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable_streaming.processors.fold import DerivedTopic
from durable_streaming.schemas import canonical, decode
from tests.processors.fold.support import Log, fold_with

# A busy machine draws slowly; a time-out in the middle of a draw would look like a flaw of it.
pytestmark = pytest.mark.timeout(300)

COMPACTED: tuple[DerivedTopic, ...] = ("drafts", "packets", "reconciliations", "state")

RUNS = st.sampled_from(["run-1", "run-2"])
SEQS = st.integers(0, 12)
OWNERS = st.sampled_from([(0, "a"), (0, "a"), (0, "a"), (0, "b"), (1, "b"), (2, "c")])
IDS = st.sampled_from(["s", "t"])
TEXTS = st.sampled_from(["a", "b", "\U0001f600", "a" * 100, "b" * 1500])
MAYBE = st.none() | st.sampled_from(["", "x"])
ANSWERS = st.none() | st.fixed_dictionaries(
    {"text": st.sampled_from(["", "a", "ab"])},
    optional={
        "parts": st.sampled_from([[], [0], [1, 0], [3]]),
        "source_ids": st.sampled_from([[], ["s"], ["t", "s"]]),
    },
)
STEPS = st.lists(
    st.fixed_dictionaries({"step_id": IDS, "title": st.sampled_from(["", "T"])}), max_size=3
)


def of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields)


KINDS: dict[str, st.SearchStrategy[Any]] = {
    "run.started": of(agent=st.just("g"), title=MAYBE, tags=st.just({"a": None, "b": "c"})),
    "plan.created": of(revision=st.integers(0, 3), steps=STEPS),
    "step.started": of(step_id=IDS, title=MAYBE, attempt=st.none() | st.integers(0, 3)),
    "step.completed": of(
        step_id=IDS, status=st.sampled_from(["succeeded", "failed", "skipped"]), error=MAYBE
    ),
    "text.delta": of(text=TEXTS, part=st.none() | st.integers(0, 2)),
    "reasoning.delta": of(text=TEXTS),
    "tool.called": of(call_id=IDS, name=st.just("n"), arguments=st.none(), step_id=MAYBE),
    "tool.returned": of(call_id=IDS, output=st.none(), error=MAYBE),
    "source.added": of(
        source_id=IDS,
        kind=st.just("url"),
        title=MAYBE,
        cited=st.just([{"start": 0, "end": 1}]),
    ),
    "run.waiting": of(**{"for": st.just("input")}),
    "quality.checked": of(
        check=IDS,
        verdict=st.sampled_from(["pass", "warn", "fail"]),
        score=st.floats(0, 1e18) | st.just(1e22),
    ),
    "run.completed": of(answer=ANSWERS),
    "x.note": st.none() | st.integers(0, 2),
    "y.note": st.just(1),
}
DELTAS = ["text.delta"] * 20


@st.composite
def logs(draw: st.DrawFn) -> Log:
    log = Log()
    for _ in range(draw(st.integers(1, 25))):
        run_id = draw(RUNS)
        match draw(st.integers(0, 19)):
            case 0:
                log.raw(b"bad", run_id.encode())
            case 1:
                kind = draw(st.sampled_from(["run.cancel_requested", "control.new"]))
                log.control(kind, run_id=run_id)
            case 2:
                log.resumed(draw(st.integers(0, 3)), draw(st.sampled_from("abc")), run_id=run_id)
            case 3:
                log.timed_out(draw(st.integers(-1, 12)), draw(st.integers(-1, 2)), run_id=run_id)
            case _:
                kind = draw(st.sampled_from([*KINDS, *DELTAS]))
                epoch, producer = draw(OWNERS)
                data = draw(KINDS[kind])
                log.add(kind, draw(SEQS), data, epoch=epoch, producer=producer, run_id=run_id)
    return log


@settings(max_examples=150, deadline=None)
@given(logs(), st.sets(st.integers(0, 25)), st.sets(st.integers(0, 25)))
def test_split_and_resumed_anywhere(log: Log, drains: set[int], restarts: set[int]) -> None:
    whole = fold_with(log.records)
    split = fold_with(log.records, drains, restarts)
    for topic in COMPACTED:
        assert dict(split.scan(topic, b"")) == dict(whole.scan(topic, b""))


@settings(max_examples=60, deadline=None)
@given(logs(), st.sets(st.integers(0, 25)))
def test_letters_are_committed_once_each(log: Log, drains: set[int]) -> None:
    whole = fold_with(log.records)
    split = fold_with(log.records, drains, restarts=drains)
    assert split.letters == whole.letters
    bad = [letter for letter in whole.letters if letter.topic == "dead_letters"]
    assert len(bad) == sum(record.value == b"bad" for record in log.records)


@settings(max_examples=60, deadline=None)
@given(logs())
def test_every_value_is_in_canonical_form(log: Log) -> None:
    store = fold_with(log.records)
    for topic in COMPACTED:
        for _, value in store.scan(topic, b""):
            assert canonical(decode(value)) == value


@settings(max_examples=60, deadline=None)
@given(logs())
def test_each_valid_producer_record_falls_in_one_class(log: Log) -> None:
    store = fold_with(log.records)
    for key, value in store.scan("reconciliations", b""):
        sequence = decode(value)["sequence"]
        records = [record for record in log.records if record.key == key and record.value != b"bad"]
        kinds = [decode(record.value or b"")["type"] for record in records]
        classed = sum(sequence[name] for name in ("duplicates", "conflict_count", "late", "fenced"))
        # Time-outs that do not hold are the only records that count nowhere.
        counted = classed + decode(value)["events"]["count"]
        assert len(records) - kinds.count("run.timed_out") <= counted <= len(records)
