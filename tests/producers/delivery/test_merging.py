"""Deltas: the first at once, then merged; order is kept and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_streaming.producers import EventRefused, RunEnded
from durable_streaming.producers.options import ProducerOptions
from durable_streaming.schemas import Event, canonical, judge_value
from tests.producers.support import Bench


def test_the_first_delta_is_appended_at_once() -> None:
    bench = Bench()
    bench.run().add_delta("text.delta", "a", 0)
    assert bench.texts == ["a"]


def test_deltas_within_the_window_become_one_event() -> None:
    bench = Bench()
    run = bench.run()
    for piece in "abcd":
        run.add_delta("text.delta", piece, 0)
    assert bench.texts == ["a"]
    bench.pass_time(0.031)
    assert bench.texts == ["a", "bcd"]


def test_a_delta_after_a_silence_does_not_wait() -> None:
    bench = Bench()
    run = bench.run()
    run.add_delta("text.delta", "a", 0)
    bench.pass_time(1)
    run.add_delta("text.delta", "b", 0)
    assert bench.texts == ["a", "b"]


def test_a_full_delta_does_not_wait_for_the_window() -> None:
    bench = Bench(ProducerOptions(merge_bytes=8))
    run = bench.run()
    for piece in ("a", "1234", "5678", "9"):
        run.add_delta("text.delta", piece, 0)
    assert bench.texts == ["a", "12345678"]


def test_another_part_and_another_event_come_behind_what_waited() -> None:
    bench = Bench()
    run = bench.run()
    run.add_delta("text.delta", "a", 0)
    run.add_delta("text.delta", "b", 0)
    run.add_delta("text.delta", "c", 1)
    run.add_delta("reasoning.delta", "d", 1)
    run.append("step.started", {"step_id": "s"})
    values = bench.writer.values
    assert [(v["type"], v["data"].get("text"), v["data"].get("part")) for v in values] == [
        ("text.delta", "a", None),
        ("text.delta", "b", None),
        ("text.delta", "c", 1),
        ("reasoning.delta", "d", 1),
        ("step.started", None, None),
    ]
    assert [v["seq"] for v in values] == [0, 1, 2, 3, 4]


def test_while_the_broker_is_behind_deltas_merge_up_to_their_size() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=4_000, merge_bytes=50))
    run = bench.run()
    while not bench.outbox.is_congested:
        run.append("x.filler", {"fill": "-" * 200})
    before = len(bench.texts)
    run.add_delta("text.delta", "a", 0)
    bench.pass_time(5)
    assert len(bench.texts) == before
    run.add_delta("text.delta", "b" * 60, 0)
    assert bench.texts[before:] == ["a" + "b" * 60]


def test_what_waits_is_appended_when_the_broker_has_caught_up() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=4_000))
    run = bench.run()
    while not bench.outbox.is_congested:
        run.append("x.filler", {"fill": "-" * 200})
    run.add_delta("text.delta", "late", 0)
    bench.pass_time(1)
    bench.writer.answer_all()
    bench.pass_time(1)
    assert bench.texts[-1] == "late"


def test_an_empty_delta_says_nothing() -> None:
    bench = Bench()
    run = bench.run()
    run.add_delta("text.delta", "", 0)
    bench.pass_time(1)
    assert bench.texts == []
    assert run.next_seq == 0


@pytest.mark.parametrize(
    ("text", "part", "reason"),
    [
        ("\ud800", 0, "bad_text"),
        (b"bytes", 0, "not_an_event"),
        ("a", -1, "not_an_event"),
        ("a", True, "not_an_event"),
        ("a", 2**53, "not_an_event"),
        ("a", 0.0, "not_an_event"),
    ],
)
def test_a_bad_delta_is_refused_when_it_is_given(text: str, part: int, reason: str) -> None:
    bench = Bench()
    run = bench.run()
    with pytest.raises(EventRefused) as caught:
        run.add_delta("text.delta", text, part)
    assert caught.value.reason == reason
    bench.pass_time(1)
    assert bench.texts == []


def test_a_delta_after_the_end_is_refused() -> None:
    bench = Bench()
    run = bench.run()
    run.append("run.completed", {})
    with pytest.raises(RunEnded, match=r"run\.completed"):
        run.add_delta("text.delta", "a", 0)


def test_a_delta_of_any_length_is_split_into_valid_events() -> None:
    bench = Bench()
    whole = "\x00😀é" * 400_000
    bench.run().add_delta("text.delta", whole, 0)
    assert "".join(bench.texts) == whole
    assert bench.outbox.open_bytes == 0
    assert all(isinstance(judge_value(canonical(v)), Event) for v in bench.writer.values)


def test_a_long_delta_goes_on_where_a_full_client_queue_stopped_it() -> None:
    bench = Bench()
    whole = "é" * 250_000
    bench.writer.takes = 1
    bench.run().add_delta("text.delta", whole, 0)
    assert bench.outbox.open_bytes == 2 * 150_000
    bench.writer.takes = 10
    bench.pass_time(1)
    assert [len(text) for text in bench.texts] == [100_000, 100_000, 50_000]
    assert bench.outbox.open_bytes == 0


@given(
    st.lists(
        st.tuples(
            st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
            st.integers(0, 2),
            st.sampled_from(["text.delta", "reasoning.delta"]),
            st.floats(0, 0.1),
        )
    )
)
def test_merging_changes_neither_text_nor_order(
    pieces: list[tuple[str, int, str, float]],
) -> None:
    bench = Bench(ProducerOptions(merge_bytes=30))
    run = bench.run()
    for text, part, event_type, pause_s in pieces:
        run.add_delta(event_type, text, part)
        bench.pass_time(pause_s)
    bench.pass_time(1)
    assert [v["seq"] for v in bench.writer.values] == list(range(len(bench.writer.values)))
    # Skipping the judge for deltas is only right if the judge would always agree.
    assert all(isinstance(judge_value(canonical(v)), Event) for v in bench.writer.values)
    given_points = [(kind, part, point) for text, part, kind, _ in pieces for point in text]
    told_points = [
        (v["type"], v["data"].get("part", 0), point)
        for v in bench.writer.values
        for point in v["data"]["text"]
    ]
    assert told_points == given_points
