"""Folding in the order of seq: what waits, which gaps are given up, where a run ends."""

from tests.processors.fold.support import Log, fold


def test_the_draft_shows_the_folded_prefix() -> None:
    log = Log().start().text(1, "a").text(3, "c").text(4, "d")
    head = fold(log).head
    assert head["text"]["tail"] == "a"
    assert (head["pending"], head["highest_seq"], head["applied"]["seq"]) == (2, 4, 1)
    head = fold(log.text(2, "b")).head
    assert head["text"]["tail"] == "abcd"
    assert (head["pending"], head["applied"]["seq"]) == (0, 4)
    assert head["text"]["deltas"] == [{"length": 1, "part": 0, "seq": seq} for seq in (1, 2, 3, 4)]


def test_deltas_are_folded_in_the_order_of_seq_whatever_that_of_offsets() -> None:
    log = Log()
    for seq in (4, 2, 0, 3, 1):
        log = log.start() if seq == 0 else log.text(seq, str(seq))
    result = fold(log.complete(5, {"text": "1234"}))
    assert result.verdict["verdict"] == "reconciled"
    assert result.verdict["events"] == {
        "partition": 0,
        "first_offset": 0,
        "last_offset": 5,
        "count": 6,
    }
    assert result.packet["started_at"] == "2026-11-23T15:00:02Z"


def test_at_most_a_thousand_events_wait() -> None:
    log = Log().start()
    for seq in range(2, 1_002):
        log.text(seq, "a")
    assert fold(log).head["pending"] == 1_000
    head = fold(log.text(1_002, "a")).head
    assert (head["pending"], head["applied"]["seq"]) == (0, 1_002)
    sequence = fold(log.complete(1_003)).sequence
    assert sequence["missing"] == [[1, 1]]


def test_only_the_lowest_gap_is_given_up() -> None:
    log = Log().start().text(2, "a").text(5, "b")
    for seq in range(10, 1_009):
        log.text(seq, "c")
    head = fold(log).head
    assert (head["pending"], head["applied"]["seq"], head["text"]["tail"]) == (1_000, 2, "a")
    head = fold(log.text(1_009, "c")).head
    assert (head["pending"], head["applied"]["seq"]) == (1_000, 5)


def test_at_most_four_mib_of_values_as_stored_wait() -> None:
    log = Log().start()
    size = 4 * 1024 * 1024 // 8
    for seq in range(2, 10):
        log.text(seq, "a")
        bare = log.records.pop()
        value = bare.value or b""
        padded = value.replace(b'"text":"a"', b'"text":"%b"' % (b"a" * (size - len(value) + 1)))
        log.raw(padded)
        assert len(padded) == size
    assert fold(log).head["pending"] == 8
    # One byte of white space, which is stored though it is not part of the event.
    last = log.records.pop()
    assert fold(log.raw((last.value or b"") + b" ")).head["pending"] == 0


def test_what_waits_behind_the_end_is_late_never_missing() -> None:
    log = Log().start().text(4, "behind").text(6, "behind").complete(2).text(1, "a")
    result = fold(log)
    assert result.sequence["last"] == 2
    assert result.sequence["late"] == 2
    assert result.sequence["missing"] == []
    assert result.verdict["events"]["count"] == 3
    assert result.packet["highest_seq"] == 6
    assert result.verdict["applied"]["offset"] == 4
    assert result.verdict["events"]["last_offset"] == 4


def test_a_terminal_event_waits_for_its_turn() -> None:
    log = Log().start().complete(2, {"text": "a"})
    assert fold(log).verdict is None
    result = fold(log.text(1, "a"))
    assert result.verdict["verdict"] == "reconciled"
    assert result.packet["ended_at"] == "2026-11-23T15:00:01Z"


def test_a_gap_that_is_given_up_up_to_a_terminal_event_ends_the_run() -> None:
    log = Log().start().complete(2)
    for seq in range(4, 1_004):
        log.text(seq, "a")
    result = fold(log)
    assert result.verdict["verdict"] == "incomplete"
    assert result.sequence["missing"] == [[1, 1]]
    assert result.sequence["late"] == 1_000
    assert result.sequence["last"] == 2


def test_missing_keeps_its_first_hundred_ranges_and_the_count_of_seqs() -> None:
    log = Log()
    for gap in range(120):
        log.text(3 * gap + 2, "a")
    log.resumed(1, "p-1")
    log.complete(3 * 120, epoch=1, producer="p-1")
    sequence = fold(log).sequence
    assert sequence["missing"] == [[3 * gap, 3 * gap + 1] for gap in range(100)]
    assert sequence["missing_count"] == 240
