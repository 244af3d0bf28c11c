"""Time-outs, take-overs, cancel requests and control events of unknown types."""

import pytest

from tests.processors.fold.support import RUN, Log, fold


class TestTimeOut:
    def test_ends_a_silent_run(self) -> None:
        result = fold(Log().start().text(1, "a").timed_out(1, 0))
        assert result.packet["status"] == "timed_out"
        assert result.packet["ended_at"] == "2026-11-23T15:00:02Z"
        assert result.packet["text"] == "a"
        assert result.verdict["verdict"] == "incomplete"
        assert result.sequence["last"] == 1
        assert result.verdict["events"] == {
            "partition": 0,
            "first_offset": 0,
            "last_offset": 2,
            "count": 3,
        }

    @pytest.mark.parametrize(("last_seq", "last_epoch"), [(0, 0), (2, 0), (1, 1), (1, -1)])
    def test_counts_nowhere_where_it_does_not_hold(self, last_seq: int, last_epoch: int) -> None:
        log = Log().start().text(1, "a")
        before = fold(log).head
        head = fold(log.timed_out(last_seq, last_epoch)).head
        assert head["applied"].pop("offset") == 2
        assert before["applied"].pop("offset") == 1
        assert head == before

    def test_looks_at_the_highest_seq_not_the_last_folded(self) -> None:
        log = Log().start().text(3, "c").timed_out(0, 0)
        assert fold(log).packet is None
        result = fold(log.timed_out(3, 0))
        assert result.packet["text"] == "c"
        assert result.sequence["missing"] == [[1, 2]]
        assert result.sequence["last"] == 3

    def test_of_a_run_that_nothing_else_is_known_of(self) -> None:
        result = fold(Log().timed_out(-1, -1))
        assert result.sequence["last"] == -1
        assert result.violations == [(None, "no_start")]
        assert result.packet["started_at"] == result.packet["ended_at"] == "2026-11-23T15:00:00Z"
        assert (result.packet["producer_epoch"], result.packet["highest_seq"]) == (-1, -1)

    def test_gives_way_to_a_terminal_event_that_waits(self) -> None:
        log = Log().start().text(2, "b").complete(4, {"text": "b"}).text(6, "behind")
        result = fold(log.timed_out(6, 0))
        assert result.packet["status"] == "completed"
        assert result.packet["ended_at"] == "2026-11-23T15:00:02Z"
        assert result.verdict["verdict"] == "incomplete"
        assert result.sequence["missing"] == [[1, 1], [3, 3]]
        assert result.sequence["last"] == 4
        assert result.sequence["late"] == 1
        # It holds, so it is folded too: after what waited.
        assert result.verdict["events"]["count"] == 4
        assert result.verdict["events"]["last_offset"] == 4

    def test_is_folded_after_what_waited(self) -> None:
        result = fold(Log().text(1, "a").timed_out(1, 0))
        assert result.violations == [(1, "no_start")]
        assert result.packet["started_at"] == "2026-11-23T15:00:00Z"

    def test_holds_while_a_run_waits_for_a_person(self) -> None:
        log = Log().start().add("run.waiting", 1, {"for": "approval"}).timed_out(1, 0)
        assert fold(log).packet["status"] == "timed_out"

    def test_after_the_end_leaves_the_reconciliation_alone(self) -> None:
        log = Log().start().complete(1)
        before = fold(log).verdict
        assert fold(log.timed_out(1, 0)).verdict == before
        assert fold(log.timed_out(1, 0)).verdict == before

    def test_makes_a_draft_even_where_it_does_not_hold(self) -> None:
        head = fold(Log().timed_out(5, 0)).head
        assert head["applied"] == {"seq": -1, "partition": 0, "offset": 0}
        assert head["started_at"] is None
        assert head["counts"]["events"] == 0


class TestTakeOver:
    def test_gives_up_all_gaps_below_the_highest_seq(self) -> None:
        log = Log().start().text(2, "b").text(5, "e").resumed(1, "p-1")
        head = fold(log).head
        assert head["text"]["tail"] == "be"
        assert (head["pending"], head["applied"]["seq"], head["producer_epoch"]) == (0, 5, 1)
        result = fold(log.complete(6, {"text": "be"}, epoch=1, producer="p-1"))
        assert result.sequence["missing"] == [[1, 1], [3, 4]]
        assert result.verdict["events"]["count"] == 5

    def test_is_folded_before_what_waited(self) -> None:
        log = Log().text(1, "a").resumed(1, "p-1")
        result = fold(log.complete(2, epoch=1, producer="p-1"))
        assert result.violations == [(None, "no_start")]
        assert result.packet["started_at"] == "2026-11-23T15:00:01Z"

    def test_fences_older_epochs(self) -> None:
        log = Log().start().resumed(1, "p-1").text(1, "old").text(1, "new", epoch=1, producer="p-1")
        result = fold(log.complete(2, {"text": "new"}, epoch=1, producer="p-1"))
        assert result.verdict["verdict"] == "reconciled"
        assert result.sequence["fenced"] == 1

    def test_of_two_takers_of_one_epoch_the_first_in_the_log_owns_it(self) -> None:
        log = Log().start().resumed(1, "p-1").resumed(1, "p-2")
        log.text(1, "two", epoch=1, producer="p-2").text(1, "one", epoch=1, producer="p-1")
        result = fold(log.complete(2, {"text": "one"}, epoch=1, producer="p-1"))
        assert result.verdict["verdict"] == "reconciled"
        assert result.sequence["fenced"] == 2
        assert result.verdict["events"]["count"] == 4

    @pytest.mark.parametrize("epoch", [0, 1])
    def test_needs_an_epoch_higher_than_any_seen(self, epoch: int) -> None:
        log = Log().start(epoch=1).text(3, "c", epoch=1).resumed(epoch, "p-0")
        head = fold(log).head
        assert head["pending"] == 1
        assert head["counts"]["events"] == 1

    def test_ends_the_run_where_a_terminal_event_waited(self) -> None:
        result = fold(Log().start().complete(2).text(4, "behind").resumed(1, "p-1"))
        assert result.packet["status"] == "completed"
        assert result.packet["producer_epoch"] == 1
        assert result.sequence["missing"] == [[1, 1]]
        assert result.sequence["late"] == 1
        assert result.verdict["events"]["count"] == 3

    def test_a_raised_epoch_without_it_leaves_the_gaps(self) -> None:
        log = Log().start().text(3, "c").text(4, "d", epoch=1, producer="p-1")
        assert fold(log).head["pending"] == 2
        result = fold(log.text(1, "a", epoch=1, producer="p-1"))
        assert result.head["applied"]["seq"] == 1


class TestCancelRequest:
    def test_the_first_counts_and_is_forwarded_as_stored(self) -> None:
        log = Log().start().control("run.cancel_requested", {"reason": "enough"})
        log.raw(b" " + (log.records[-1].value or b"") + b"\n")
        result = fold(log)
        assert result.head["cancel_requested"] is True
        assert result.head["counts"]["events"] == 2
        assert [(letter.key, letter.value) for letter in result.forwarded] == [
            (RUN.encode(), log.records[1].value)
        ]
        assert fold(log.complete(1)).sequence["duplicates"] == 1

    def test_the_white_space_around_it_is_stored_too(self) -> None:
        log = Log().control("run.cancel_requested")
        value = b"\t" + (log.records.pop().value or b"") + b"\r\n"
        result = fold(log.raw(value))
        assert [letter.value for letter in result.forwarded] == [value]

    def test_may_be_the_first_of_a_run(self) -> None:
        result = fold(Log().control("run.cancel_requested").start().complete(1))
        assert result.violations == [(None, "no_start")]
        assert result.packet["agent"] == "guide"

    def test_after_the_end_is_late_and_not_forwarded(self) -> None:
        result = fold(Log().start().complete(1).control("run.cancel_requested"))
        assert result.forwarded == []
        assert result.sequence["late"] == 1


def test_control_events_of_unknown_types_count_and_are_violations() -> None:
    log = Log().start().control("control.pause", {"a": 1}).control("control.go")
    result = fold(log.control("control.pause").complete(1))
    assert result.violations == [(None, "unknown_type"), (None, "unknown_type")]
    assert result.verdict["events"]["count"] == 4
    assert result.sequence["duplicates"] == 1


def test_control_types_of_any_length_are_told_apart() -> None:
    long = "control." + "a" * 600
    log = Log().start().control(long + "1").control(long + "2").control(long + "1").complete(1)
    assert fold(log).sequence["duplicates"] == 1


def test_control_events_leave_a_waiting_run_waiting() -> None:
    log = Log().start().add("run.waiting", 1, {"for": "input"}).control("run.cancel_requested")
    assert fold(log).head["waiting"] == "input"


@pytest.mark.parametrize("kind", ["x.note", "text.delta"])
def test_the_next_folded_producer_event_ends_the_waiting(kind: str) -> None:
    log = Log().start().add("run.waiting", 1, {"for": "other"}).add(kind, 3, {"text": "c"})
    assert fold(log).head["waiting"] == "other"
    assert fold(log.text(2, "b")).head["waiting"] is None
