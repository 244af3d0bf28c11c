"""Outcomes are honest: what is stored, what is not, and what nobody knows."""

import pytest

from durable_streaming.eventlog import Failed, Outcome, Stored, Unknown
from durable_streaming.producers import (
    BufferFull,
    EventRefused,
    NotOpen,
    OutcomeUnknown,
    PublishingStopped,
    RunBusy,
)
from durable_streaming.producers.options import ProducerOptions
from tests.producers.support import Bench, Woken


def test_a_barrier_opens_when_everything_before_it_is_answered() -> None:
    bench = Bench()
    run = bench.run()
    run.append("x.a", {})
    run.add_delta("text.delta", "a", 0)
    run.add_delta("text.delta", "b", 0)
    waiter = Woken()
    assert run.barrier(waiter) == (3, True)
    run.append("x.behind", {})
    bench.writer.answer(Stored(2, 10), Stored(2, 11))
    assert bench.outbox.take_woken() == []
    bench.writer.answer(Stored(2, 12))
    assert bench.outbox.take_woken() == [waiter]


def test_a_barrier_waits_for_its_own_events_and_not_for_as_many_others() -> None:
    bench = Bench()
    run = bench.run()
    run.append("x.a", {})
    assert run.barrier(Woken()) == (1, True)
    run.append("x.b", {})
    first, second = bench.writer.waiting
    second(Stored(0, 1))
    bench.outbox.poll(0)
    assert bench.outbox.take_woken() == []
    first(Stored(0, 0))
    bench.outbox.poll(0)
    assert len(bench.outbox.take_woken()) == 1


def test_flushed_says_where_to_read_on() -> None:
    bench = Bench()
    run = bench.run()
    assert run.flushed(run.ledger.mark) == (0, None, None)
    run.append("x.a", {})
    run.append("x.b", {})
    bench.writer.answer(Stored(2, 10), Stored(2, 13))
    assert run.flushed(run.ledger.mark) == (2, 2, 14)


def test_an_offset_that_the_broker_does_not_say_is_still_stored() -> None:
    bench = Bench()
    run = bench.run()
    run.append("x.a", {})
    bench.writer.answer(Stored(2, None))
    assert run.flushed(run.ledger.mark) == (1, None, None)


def test_after_the_deadline_exactly_the_unanswered_events_are_unknown() -> None:
    bench = Bench(ProducerOptions(answer_deadline_s=10))
    run = bench.run()
    answers: list[Outcome] = []
    run.append("x.a", {}, answers.append)
    bench.writer.answer(Stored(0, 0))
    run.append("x.b", {}, answers.append)
    bench.pass_time(5)
    run.append("x.c", {}, answers.append)
    bench.pass_time(5)
    assert [type(answer) for answer in answers] == [Stored, Unknown]
    bench.pass_time(5)
    with pytest.raises(OutcomeUnknown) as caught:
        run.flushed(run.ledger.mark)
    assert caught.value.seqs == [1, 2]


def test_an_answer_after_the_deadline_is_believed_but_not_told_twice() -> None:
    bench = Bench(ProducerOptions(answer_deadline_s=10))
    run = bench.run()
    answers: list[Outcome] = []
    run.append("x.a", {}, answers.append)
    bench.pass_time(10)
    bench.writer.answer(Stored(0, 7))
    assert [type(answer) for answer in answers] == [Unknown]
    assert run.flushed(run.ledger.mark) == (1, 0, 8)


def test_a_refusal_by_the_broker_ends_the_run_s_publishing_and_says_so() -> None:
    bench = Bench()
    run, other = bench.run(), bench.run("run-2")
    run.append("x.a", {})
    run.append("x.b", {})
    bench.writer.answer(Failed("MSG_SIZE_TOO_LARGE: too large"), Stored(0, 0))
    for call in (
        lambda: run.append("x.c", {}),
        lambda: run.append("run.completed", {}),
        lambda: run.add_delta("text.delta", "a", 0),
        lambda: run.flushed(2),
    ):
        with pytest.raises(PublishingStopped, match="MSG_SIZE_TOO_LARGE") as caught:
            call()
        assert caught.value.seq == 0
    other.append("x.c", {})


def test_open_text_does_not_keep_a_refused_run_from_flushing() -> None:
    bench = Bench()
    run = bench.run()
    run.add_delta("text.delta", "a", 0)
    run.add_delta("text.delta", "b", 0)
    bench.writer.answer(Failed("no"))
    assert run.barrier(Woken()) == (1, False)
    bench.pass_time(1)
    assert bench.texts == ["a"]


@pytest.mark.parametrize(
    ("event_type", "data", "reason"),
    [
        ("x.a", {"n": float("nan")}, "bad_number"),
        ("x.a", {"n": 2**63}, "bad_number"),
        ("x.a", {"n": 10**5000}, "bad_number"),
        ("x.a", {"s": "\udc00"}, "bad_text"),
        ("x.\ud800", {}, "bad_text"),
        ("x.a", {"o": object()}, "not_json"),
        ("x.a", {"s": "-" * 1_000_000}, "too_large"),
        ("x.a", [[]] * 3 + [eval("[" * 99 + "]" * 99)], "too_deep"),
        ("", {}, "not_an_event"),
        ("step.started", {}, "not_an_event"),
        ("plan.created", {"revision": "0", "steps": []}, "not_an_event"),
        ("run.timed_out", {"idle_seconds": 1, "last_seq": 0, "last_epoch": 0}, "not_an_event"),
        ("control.other", {}, "not_an_event"),
    ],
)
def test_what_can_be_refused_is_refused_before_it_gets_a_seq(
    event_type: str, data: object, reason: str
) -> None:
    bench = Bench()
    run = bench.run()
    with pytest.raises(EventRefused) as caught:
        run.append(event_type, data)
    assert caught.value.reason == reason
    assert bench.writer.values == []
    assert run.append("x.next", {}) == 0


def test_depth_that_no_encoder_survives_is_refused() -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    run = Bench().run()
    with pytest.raises(EventRefused) as caught:
        run.append("x.deep", nested)
    assert caught.value.reason == "too_deep"


def test_a_refusal_never_shows_the_payload() -> None:
    run = Bench().run()
    with pytest.raises(EventRefused) as caught:
        run.append("step.started", {"step_id": 17, "secret": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_the_memory_bound_refuses_and_the_end_still_goes_through() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=1_000))
    run = bench.run()
    while bench.outbox.has_room:
        run.append("x.fill", {"fill": "-" * 100})
    taken = run.next_seq
    with pytest.raises(BufferFull, match="max_buffered_bytes"):
        run.append("x.more", {})
    with pytest.raises(BufferFull):
        run.add_delta("text.delta", "a", 0)
    assert run.append("run.completed", {}) == taken


def test_room_comes_back_with_the_answers_and_wakes_who_waits() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=300))
    run = bench.run()
    run.append("x.fill", {"fill": "-" * 300})
    waiter = Woken()
    assert bench.outbox.wait_for_room(waiter)
    bench.writer.answer_all()
    assert bench.outbox.take_woken() == [waiter]
    assert not bench.outbox.wait_for_room(waiter)


def test_an_event_whose_outcome_is_unknown_still_counts_as_held_in_memory() -> None:
    bench = Bench(ProducerOptions(max_buffered_bytes=300, answer_deadline_s=10))
    run = bench.run()
    run.append("x.fill", {"fill": "-" * 300})
    bench.pass_time(11)
    assert not bench.outbox.has_room
    bench.writer.answer_all()
    assert bench.outbox.has_room


def test_a_full_client_queue_leaves_no_gap() -> None:
    bench = Bench()
    run = bench.run()
    bench.writer.is_full = True
    with pytest.raises(BufferFull, match="queue"):
        run.append("x.a", {})
    bench.writer.is_full = False
    assert run.append("x.a", {}) == 0


def test_merged_text_outlives_a_full_client_queue() -> None:
    bench = Bench()
    run = bench.run()
    run.add_delta("text.delta", "a", 0)
    run.add_delta("text.delta", "b", 0)
    bench.writer.is_full = True
    bench.pass_time(1)
    bench.writer.is_full = False
    bench.pass_time(1)
    assert bench.texts == ["a", "b"]


def test_two_writers_of_one_run_are_a_misuse() -> None:
    bench = Bench()
    bench.run()
    with pytest.raises(RunBusy, match="another handle"):
        bench.run()


def test_a_run_is_forgotten_when_its_end_is_stored_and_not_before() -> None:
    bench = Bench()
    run = bench.run()
    run.append("run.completed", {})
    assert bench.outbox.runs() == [run]
    bench.writer.answer_all()
    assert bench.outbox.runs() == []


def test_a_closed_outbox_answers_everything_and_takes_nothing() -> None:
    bench = Bench()
    run = bench.run()
    answers: list[Outcome] = []
    run.append("x.a", {}, answers.append)
    bench.outbox.refuse("closed: open another")
    with pytest.raises(NotOpen, match="open another"):
        run.append("x.b", {})
    bench.outbox.abandon()
    assert isinstance(answers[0], Unknown)


def test_a_client_that_gives_up_leaves_the_event_unknown() -> None:
    bench = Bench(ProducerOptions(answer_deadline_s=10))
    run = bench.run()
    run.append("x.a", {})
    bench.pass_time(10)
    bench.writer.answer(Unknown("purged"))
    with pytest.raises(OutcomeUnknown) as caught:
        run.flushed(run.ledger.mark)
    assert caught.value.seqs == [0]


def test_a_flush_asks_only_for_what_came_before_it() -> None:
    bench = Bench()
    run = bench.run()
    run.append("x.a", {})
    mark, _ = run.barrier(Woken())
    run.append("x.b", {})
    bench.writer.answer(Stored(0, 4))
    assert run.flushed(mark) == (1, 0, 5)
    with pytest.raises(OutcomeUnknown) as caught:
        run.flushed(run.ledger.mark)
    assert caught.value.seqs == [1]
