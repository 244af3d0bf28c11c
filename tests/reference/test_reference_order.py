"""The reference's classes, order, take-overs and ends, against expectations written by hand."""

from __future__ import annotations

from .scripts import Outcome, completed, event, resumed, started, text, timed_out


def test_events_are_folded_in_the_order_of_seq() -> None:
    run = Outcome(started(), text(2, "c"), text(1, "b"))
    assert run.draft["text"]["tail"] == "bc"
    assert run.draft["applied"] == {"seq": 2, "partition": 0, "offset": 2}
    assert run.draft["counts"]["events"] == 3


def test_the_draft_shows_the_folded_prefix() -> None:
    run = Outcome(text(1, "b"), text(3, "d"))
    assert (run.draft["pending"], run.draft["highest_seq"]) == (2, 3)
    assert (run.draft["applied"]["seq"], run.draft["started_at"]) == (-1, None)
    assert run.draft["producer_epoch"] == 0


def test_a_copy_is_the_same_type_and_data_in_whatever_spelling() -> None:
    run = Outcome(
        started(),
        event(1, "x.a", {"n": 1.0, "m": []}),
        event(1, "x.a", {"m": [], "n": 1}, time="2027-01-01T00:00:00Z"),
        event(1, "x.b", {"m": [], "n": 1}),
        event(2, "x.c", None),
        event(2, "x.c"),
        completed(3),
        event(3, "run.completed"),
    )
    # Absent and null differ in x.*; the last record is after the end.
    assert (run.sequence["duplicates"], run.sequence["late"]) == (1, 1)
    assert run.sequence["conflicts"] == [{"seq": 1, "offset": 3}, {"seq": 2, "offset": 5}]


def test_absent_and_null_data_are_empty_in_known_types() -> None:
    run = Outcome(
        completed(1), event(1, "run.completed", None), event(1, "run.completed"), started()
    )
    assert (run.sequence["duplicates"], run.sequence["conflict_count"]) == (2, 0)


def test_a_copy_more_than_64_below_is_a_duplicate_unseen() -> None:
    events = [started(), *(text(seq, "a") for seq in range(1, 66))]
    near = Outcome(*events, text(1, "other"), completed(66))
    far = Outcome(*events, text(0, "other"), completed(66))
    assert (near.sequence["conflict_count"], near.sequence["duplicates"]) == (1, 0)
    assert (far.sequence["conflict_count"], far.sequence["duplicates"]) == (0, 1)


def test_the_thousand_and_first_event_that_waits_gives_up_the_lowest_gap() -> None:
    waiting = [event(seq, "x.a") for seq in range(2, 1_002)]
    assert Outcome(started(), *waiting).draft["pending"] == 1_000
    run = Outcome(started(), *waiting, event(2_000, "x.a"), text(1, "late"), completed(1_002))
    assert run.draft is None
    assert run.sequence["missing"] == [[1, 1]]
    # What waits behind the end is late, never missing.
    assert run.sequence["late"] == 2
    assert (run.sequence["last"], run.packet["highest_seq"]) == (1_002, 2_000)


def test_four_mebibytes_that_wait_give_up_the_lowest_gap() -> None:
    large = [event(seq, "x.a", "a" * 838_000) for seq in range(2, 7)]
    assert Outcome(started(), *large).draft["pending"] == 5
    assert Outcome(started(), *large, event(7, "x.a", "a" * 4_000)).draft["pending"] == 0


def test_a_given_up_seq_is_late_and_leaves_no_copy() -> None:
    gap = [started(), text(2, "c"), resumed(1, "p1")]
    again = text(1, "b", part=0) | {"producer_id": "p1", "producer_epoch": 1}
    run = Outcome(*gap, again, again, completed(3) | {"producer_id": "p1", "producer_epoch": 1})
    assert (run.sequence["late"], run.sequence["duplicates"]) == (2, 0)
    assert (run.sequence["missing"], run.sequence["missing_count"]) == ([[1, 1]], 1)
    assert run.verdict["verdict"] == "incomplete"


def test_a_lower_epoch_is_fenced_and_moves_nothing() -> None:
    run = Outcome(started(), resumed(2, "p1"), text(7, "stale"))
    assert (run.draft["producer_epoch"], run.draft["highest_seq"]) == (2, 0)
    assert run.draft["pending"] == 0
    assert run.draft["applied"]["offset"] == 2


def test_another_producer_of_the_same_epoch_is_fenced() -> None:
    other = text(1, "b") | {"producer_id": "p9"}
    run = Outcome(started(), other, text(1, "a"), completed(2))
    assert run.sequence["fenced"] == 1
    assert run.packet["text"] == "a"


def test_any_valid_event_shows_its_epoch() -> None:
    # A conflict, but the first event of epoch 1: its producer owns the epoch.
    conflict = event(0, "x.a", producer_epoch=1, producer_id="p1")
    run = Outcome(started(), conflict, text(1, "old"), completed(1) | {"producer_epoch": 1})
    assert run.draft["producer_epoch"] == 1
    assert run.draft["counts"]["events"] == 1


def test_of_two_takers_the_first_in_the_log_owns_the_epoch() -> None:
    mine = {"producer_id": "p1", "producer_epoch": 1}
    run = Outcome(
        started(),
        resumed(1, "p1"),
        resumed(1, "p2"),
        completed(1) | mine | {"producer_id": "p2"},
        completed(1) | mine,
    )
    assert run.sequence["fenced"] == 2
    assert run.packet["events"] == {
        "partition": 0,
        "first_offset": 0,
        "last_offset": 4,
        "count": 3,
    }


def test_a_take_over_is_folded_before_what_waited_and_gives_up_its_gaps() -> None:
    run = Outcome(
        started(),
        text(2, "c"),
        text(4, "e", part=1),
        resumed(1, "p1") | {"time": "2027-01-01T00:00:00Z"},
    )
    assert run.draft["text"]["tail"] == "ce"
    assert run.draft["pending"] == 0
    assert run.draft["updated_at"] == text(4, "e")["time"]


def test_a_take_over_can_end_the_run_that_it_takes() -> None:
    run = Outcome(started(), completed(2), text(4, "e"), resumed(1, "p1"))
    assert run.packet["status"] == "completed"
    assert (run.sequence["missing"], run.sequence["late"]) == ([[1, 1]], 1)
    assert (run.packet["counts"]["events"], run.packet["producer_epoch"]) == (3, 1)


def test_a_time_out_holds_for_the_highest_seq_and_epoch_only() -> None:
    for wrong in (timed_out(0, 0), timed_out(2, -1), timed_out(3, 0)):
        run = Outcome(started(), text(2, "c"), wrong)
        assert run.draft["status"] == "running"
        assert (run.draft["counts"]["events"], run.draft["applied"]["offset"]) == (1, 2)
    held = Outcome(started(), text(2, "c"), timed_out(2, 0, time="2027-01-01T00:00:00Z"))
    assert held.packet["status"] == "timed_out"
    assert held.packet["ended_at"] == "2027-01-01T00:00:00Z"
    assert held.sequence["missing"] == [[1, 1]]
    assert (held.sequence["last"], held.packet["counts"]["events"]) == (2, 3)


def test_a_time_out_leaves_the_status_to_a_terminal_event_that_waits() -> None:
    failed = event(3, "run.failed", {"error": {"type": "cut", "message": "m"}})
    run = Outcome(started(), failed, text(5, "f"), timed_out(5, 0, time="2027-01-01T00:00:00Z"))
    assert (run.packet["status"], run.packet["ended_at"]) == ("failed", failed["time"])
    assert (run.sequence["missing"], run.sequence["late"]) == ([[1, 2]], 1)
    assert (run.sequence["last"], run.packet["events"]["last_offset"]) == (3, 3)


def test_a_run_may_consist_of_a_time_out() -> None:
    run = Outcome(timed_out(-1, -1))
    assert (run.packet["status"], run.packet["highest_seq"]) == ("timed_out", -1)
    assert (run.sequence["last"], run.slugs) == (-1, [(None, "no_start")])
    assert run.verdict["verdict"] == "incomplete"


def test_after_the_end_every_record_is_late_but_a_time_out() -> None:
    end = [started(), completed(1)]
    before = Outcome(*end)
    after = Outcome(
        *end,
        started(),
        text(9, "z"),
        resumed(1, "p1"),
        event(None, "run.cancel_requested"),
        event(None, "control.a"),
        timed_out(9, 1),
        timed_out(1, 0),
    )
    assert after.sequence["late"] == 5
    assert after.verdict["applied"]["offset"] == 6
    assert after.verdict["verdict"] == before.verdict["verdict"]
    assert after.packet == before.packet
    assert after.folded.control == []


def test_the_first_control_event_of_a_type_counts() -> None:
    run = Outcome(
        started(),
        event(None, "run.cancel_requested", {"reason": "first"}),
        event(None, "run.cancel_requested", {"reason": "second"}),
        event(None, "control.a"),
        event(None, "control.b"),
        event(None, "control.a", 7),
        completed(1),
    )
    assert (run.sequence["duplicates"], run.packet["counts"]["events"]) == (2, 5)
    assert run.slugs == [(None, "unknown_type"), (None, "unknown_type")]
    assert [b"first" in value for _, value in run.folded.control] == [True]
