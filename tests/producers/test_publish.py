"""`durable publish`: one honest outcome a line, in order."""

import json
import threading
from collections.abc import Iterator

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.producers import LogFailed, ProducerOptions, SyncAgentProducer
from durable_streaming.producers.publish import LineOutcome, publish_lines
from tests.producers.support import memory_log, settings, stored_events


def line(run_id: str, event_type: str, data: object = None) -> bytes:
    return json.dumps({"run_id": run_id, "type": event_type, "data": data or {}}).encode()


def publish(log: MemoryLog, *lines: bytes) -> list[LineOutcome]:
    return list(publish_lines(lines, settings=settings(), log=log))


def test_new_runs_begin_with_seq_0_and_every_line_has_its_offset() -> None:
    log = memory_log(partitions=1)
    outcomes = publish(
        log, line("r", "run.started", {"agent": "a"}), line("s", "x.a"), line("r", "run.completed")
    )
    assert [outcome.as_json() for outcome in outcomes] == [
        {"run_id": "r", "seq": 0, "outcome": "ok", "partition": 0, "offset": 0},
        {"run_id": "s", "seq": 0, "outcome": "ok", "partition": 0, "offset": 1},
        {"run_id": "r", "seq": 1, "outcome": "ok", "partition": 0, "offset": 2},
    ]


def test_a_bad_line_fails_alone_and_leaves_no_gap() -> None:
    log = memory_log(partitions=1)
    bad = [b"no json", line("../x", "x.a"), line("r", "step.started"), line("r", "run.timed_out")]
    outcomes = publish(log, line("r", "x.a"), *bad, line("r", "x.b"))
    assert [(o.outcome, o.run_id, o.seq) for o in outcomes] == [
        ("ok", "r", 0),
        ("failed", None, None),
        ("failed", "../x", None),
        ("failed", "r", None),
        ("failed", "r", None),
        ("ok", "r", 1),
    ]
    assert all(o.error and o.offset is None for o in outcomes[1:5])
    assert len(stored_events(log)) == 2


def test_an_existing_run_is_taken_over() -> None:
    log = memory_log(partitions=1)
    publish(log, line("r", "x.a"), line("r", "x.b"))
    again = publish(log, line("r", "x.c"))
    assert [(o.seq, o.outcome) for o in again] == [(2, "ok")]
    assert [(e["type"], e["producer_epoch"]) for e in stored_events(log)] == [
        ("x.a", 0), ("x.b", 0), ("run.resumed", 1), ("x.c", 1),
    ]  # fmt: skip


def test_an_ended_run_refuses_and_nothing_is_written() -> None:
    log = memory_log(partitions=1)
    within = publish(log, line("r", "run.completed"), line("r", "x.late"))
    assert [o.outcome for o in within] == ["ok", "failed"]
    after = publish(log, line("r", "x.late"), line("r", "x.later"))
    assert [(o.outcome, o.seq) for o in after] == [("failed", None)] * 2
    assert "ended" in str(after[0].error)
    assert len(stored_events(log)) == 1


def test_a_run_that_ended_a_moment_ago_refuses_too() -> None:
    log = memory_log(partitions=1)
    is_stored = threading.Event()

    def typed() -> Iterator[bytes]:
        yield line("r", "run.completed")
        assert is_stored.wait(30)
        yield line("r", "x.late")

    outcomes = publish_lines(typed(), settings=settings(), log=log)
    assert next(outcomes).outcome == "ok"
    is_stored.set()
    late = next(outcomes)
    assert (late.outcome, late.seq) == ("failed", None)
    assert len(stored_events(log)) == 1


def test_outcomes_do_not_wait_for_the_next_line() -> None:
    log = memory_log()
    more = threading.Event()

    def typed() -> Iterator[bytes]:
        yield line("r", "x.a")
        assert more.wait(30)
        yield line("r", "x.b")

    outcomes = publish_lines(typed(), settings=settings(), log=log)
    assert next(outcomes).seq == 0
    more.set()
    assert [outcome.seq for outcome in outcomes] == [1]


def test_more_than_the_memory_holds_goes_through_in_order() -> None:
    log = memory_log()
    lines = (line(f"r{n % 7}", "x.fill", {"fill": "-" * 1_000, "n": n}) for n in range(700))
    small = ProducerOptions(max_buffered_bytes=5_000)
    outcomes = list(publish_lines(lines, settings=settings(), options=small, log=log))
    assert [outcome.outcome for outcome in outcomes] == ["ok"] * 700
    assert [outcome.run_id for outcome in outcomes] == [f"r{n % 7}" for n in range(700)]
    assert [outcome.seq for outcome in outcomes] == [n // 7 for n in range(700)]


def test_an_input_that_breaks_ends_with_its_error_after_the_outcomes() -> None:
    def broken() -> Iterator[bytes]:
        yield line("r", "x.a")
        raise OSError("the pipe broke")

    outcomes = publish_lines(broken(), settings=settings(), log=memory_log())
    assert next(outcomes).outcome == "ok"
    with pytest.raises(OSError, match="pipe"):
        next(outcomes)


def test_whoever_stops_listening_releases_everything() -> None:
    before = threading.active_count()
    outcomes = publish_lines(
        (line("r", "x.a") for _ in range(100)), settings=settings(), log=memory_log()
    )
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    # The pump has ended; the reader of lines is a daemon that waits for room.
    assert threading.active_count() <= before + 1


def test_a_log_without_the_topic_is_named_at_once() -> None:
    with pytest.raises(LogFailed, match="durable topics"):
        next(publish_lines([line("r", "x.a")], settings=settings(), log=MemoryLog()))


def test_a_run_of_an_agent_goes_on_by_hand() -> None:
    log = memory_log(partitions=1)
    with SyncAgentProducer(settings(), log=log) as producer:
        producer.run(agent="a", run_id="r").__enter__()
    assert [o.seq for o in publish(log, line("r", "run.completed"))] == [1]
