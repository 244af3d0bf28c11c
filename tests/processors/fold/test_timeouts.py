"""Which runs are due to be timed out, by the broker's clock."""

import pytest

from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import decode, judge_value
from durable_streaming.schemas.judge import Event
from tests.processors.fold.support import Log, fold

IDLE = 600_000


def folded(log: Log) -> PartitionFold:
    partition = PartitionFold(0, 1, store=MemoryStore())
    for record in log.records:
        partition.feed(record)
    return partition


def test_a_run_is_due_when_it_was_silent_for_so_long() -> None:
    partition = folded(Log().start().text(1, "a"))
    last = 1_000
    assert partition.due_timeouts(last + IDLE - 1, IDLE) == []
    ((key, value),) = partition.due_timeouts(last + IDLE, IDLE)
    assert key == b"run-1"
    assert decode(value) == {
        "schema_version": 1,
        "run_id": "run-1",
        "type": "run.timed_out",
        "time": "1970-01-01T00:10:01.000Z",
        "data": {"idle_seconds": 600, "last_seq": 1, "last_epoch": 0},
    }
    assert isinstance(judge_value(value), Event)


def test_what_is_appended_ends_the_run() -> None:
    log = Log().start().text(3, "c", epoch=2, producer="p-2")
    ((key, value),) = folded(log).due_timeouts(IDLE * 2, IDLE)
    assert fold(log.raw(value, key)).packet["status"] == "timed_out"


def test_it_is_asked_for_again_only_after_as_long_a_silence() -> None:
    partition = folded(Log().start())
    assert len(partition.due_timeouts(IDLE, IDLE)) == 1
    assert partition.due_timeouts(IDLE + 1, IDLE) == []
    assert partition.due_timeouts(2 * IDLE - 1, IDLE) == []
    assert len(partition.due_timeouts(2 * IDLE, IDLE)) == 1


@pytest.mark.parametrize("kind", ["duplicate", "fenced", "pending", "control"])
def test_any_event_is_a_sign_of_life(kind: str) -> None:
    log = Log().start()
    for _ in range(9):
        log.raw(b"bad")
    match kind:
        case "duplicate":
            log.start()
        case "fenced":
            log.text(1, "a", producer="other")
        case "pending":
            log.text(7, "a")
        case "control":
            log.control("run.cancel_requested")
    partition = folded(log)
    assert partition.due_timeouts(10_000 + IDLE - 1, IDLE) == []
    assert len(partition.due_timeouts(10_000 + IDLE, IDLE)) == 1


def test_bad_records_are_none() -> None:
    partition = folded(Log().start().raw(b"bad").raw(b"bad"))
    assert len(partition.due_timeouts(IDLE, IDLE)) == 1


def test_the_clock_stands_while_a_run_waits() -> None:
    log = Log().start().add("run.waiting", 1, {"for": "approval"}).text(3, "pending")
    assert folded(log).due_timeouts(100 * IDLE, IDLE) == []
    assert len(folded(log.text(2, "b")).due_timeouts(100 * IDLE, IDLE)) == 1


def test_ended_runs_are_never_due() -> None:
    assert folded(Log().start().complete(1)).due_timeouts(100 * IDLE, IDLE) == []


def test_a_broker_clock_that_goes_back_makes_nothing_due_early() -> None:
    log = Log().start().text(1, "a")
    log.records[0] = log.records[0]._replace(timestamp_ms=50_000)
    assert folded(log).due_timeouts(49_999 + IDLE, IDLE) == []


def test_survives_a_restart() -> None:
    log = Log().start().text(1, "a")
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    for record in log.records:
        partition.feed(record)
    store.commit(partition.drain())
    partition.due_timeouts(1_000 + IDLE, IDLE)
    again = PartitionFold.restore(0, 1, store, log.records.__getitem__)
    assert again.due_timeouts(1_000 + IDLE - 1, IDLE) == []
    assert len(again.due_timeouts(1_000 + IDLE, IDLE)) == 1
