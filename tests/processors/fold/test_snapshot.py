"""What a running run leaves in the state topic, and going on from it."""

from typing import Any

import pytest

from durable_streaming.processors.fold import (
    Derived,
    MemoryStore,
    PartitionFold,
    StateLostError,
    StateVersionError,
)
from durable_streaming.schemas import canonical, decode
from tests.processors.fold.support import RUN, Log, Record, fold, fold_with


def restored(store: MemoryStore, records: list[Record]) -> PartitionFold:
    return PartitionFold.restore(0, 1, store, records.__getitem__)


def everything() -> Log:
    """A log that touches every part of a run's state."""
    log = Log().add("run.started", 0, {"agent": "g", "title": "t", "tags": {"a": "b"}})
    steps = [{"step_id": f"s{at}", "title": "T"} for at in range(40)]
    log.add("plan.created", 1, {"revision": 1, "steps": steps})
    log.add("step.started", 2, {"step_id": "s1", "title": "own"})
    log.add("step.started", 3, {"step_id": "other"})
    log.add("step.completed", 4, {"step_id": "s1", "status": "failed", "error": "e"})
    log.add("plan.created", 5, {"revision": 2, "steps": steps[:2]})
    log.add("tool.returned", 6, {"call_id": "c", "output": 1})
    cited = [{"start": 1, "end": 2}]
    log.add("source.added", 7, {"source_id": "a", "kind": "url", "cited": cited})
    log.add("source.added", 8, {"source_id": "a", "kind": "document", "cited": cited})
    log.add("quality.checked", 9, {"check": "c" * 600, "verdict": "warn", "score": 1e21})
    log.add("reasoning.delta", 10, {"text": "hm"})
    log.text(11, "a" * 3000).text(12, "tail \U0001f600", part=1)
    log.add("run.waiting", 13, {"for": "approval"})
    log.control("run.cancel_requested").control("control.new").control("control.new")
    log.text(12, "conflict").text(11, "a" * 3000).text(14, "fenced", producer="other")
    log.text(16, "waits \U0001f600").text(18, "waits too")
    log.resumed(3, "p-3").text(21, "waits", epoch=3, producer="p-3")
    log.text(14, "late", epoch=3, producer="p-3").add("y.z", 19, epoch=3, producer="p-3")
    log.text(21, "waits", epoch=3, producer="p-3").text(21, "other", epoch=3, producer="p-3")
    return log


def ending(log: Log) -> Log:
    who: dict[str, Any] = {"epoch": 3, "producer": "p-3"}
    log.add("plan.created", 20, {"revision": 2, "steps": []}, **who)
    log.add("step.started", 22, {"step_id": "s1"}, **who).add(
        "run.started", 23, {"agent": "x"}, **who
    )
    log.text(18, "waits too", **who).text(16, "other", **who).text(12, "conflict", **who)
    log.control("run.cancel_requested").control("control.new")
    log.add("step.completed", 24, {"step_id": "other", "status": "succeeded"}, **who)
    log.add("quality.checked", 25, {"check": "c" * 600, "verdict": "pass"}, **who)
    log.add("tool.returned", 26, {"call_id": "c", "error": "e"}, **who)
    return log.complete(27, {"text": "a" * 3000 + "Tail", "parts": [0, 1]}, **who)


def test_a_restart_at_any_point_gives_the_same_bytes() -> None:
    log = ending(everything()).text(99, "late")
    expected = fold(log).store
    for at in range(log.end):
        assert vars(fold_with(log.records, drains=[at], restarts=[at])) == vars(expected)


def test_a_head_shows_every_change_whatever_was_written_before() -> None:
    log = everything()
    log.add(
        "tool.called", 20, {"call_id": "c", "name": "n", "arguments": 1}, epoch=3, producer="p-3"
    )
    log.add("quality.checked", 22, {"check": "d", "verdict": "pass"}, epoch=3, producer="p-3")
    for end in range(1, log.end + 1):
        records = log.records[:end]
        store = fold_with(records, drains=range(end))
        assert store.get("drafts", RUN.encode()) == fold(records).store.get("drafts", RUN.encode())


def test_a_restart_at_every_point_gives_the_same_bytes() -> None:
    log = ending(everything()).text(99, "late")
    everywhere = range(log.end)
    store = fold_with(log.records, drains=everywhere, restarts=everywhere)
    assert vars(store) == vars(fold(log).store)


def test_the_state_after_a_restart_is_written_as_without() -> None:
    log = everything()
    store = fold_with(log.records)
    before = dict(store.scan("state", b""))
    again = restored(store, log.records)
    log.text(99, "waits", epoch=3, producer="p-3")
    again.feed(log.records[-1])
    changed = {record.key: record.value for record in again.drain() if record.topic == "state"}
    assert set(changed) == {RUN.encode(), b"#position"}
    assert before | changed == dict(fold(log).store.scan("state", b""))


def test_a_newer_version_is_refused() -> None:
    log = everything()
    for newer in (b"#position", RUN.encode(), b"run-1#steps#0"):
        store = fold_with(log.records)
        value = decode(store.get("state", newer) or b"")
        store.commit([_state(newer, {**value, "version": 2})])
        with pytest.raises(StateVersionError, match=r"version 2.*up to 1.*durable rebuild"):
            restored(store, log.records)


def _state(key: bytes, value: Any) -> Any:
    return Derived("state", key, canonical(value), [])


@pytest.mark.parametrize("topic", ["drafts", "state"])
def test_a_store_that_lost_a_record_is_refused(topic: Any) -> None:
    log = everything()
    store = fold_with(log.records)
    lost = RUN.encode() if topic == "drafts" else b"run-1#missing#0"
    assert store.get(topic, lost) is not None
    store.commit([Derived(topic, lost, None, [])])
    with pytest.raises(StateLostError, match="durable rebuild"):
        restored(store, log.records)


def test_an_empty_store_starts_at_the_beginning() -> None:
    partition = PartitionFold.restore(0, 1, MemoryStore(), [].__getitem__)
    assert (partition.next_offset, partition.running) == (0, 0)


def test_only_what_is_needed_is_read_again() -> None:
    log = Log().start()
    for seq in range(1, 100):
        log.text(seq, "a")
    log.text(102, "waits")
    asked: list[int] = []

    def read(offset: int) -> Record:
        asked.append(offset)
        return log.records[offset]

    partition = PartitionFold.restore(0, 1, fold_with(log.records), read)
    log.text(100, "new").text(50, "a").text(30, "unseen").text(102, "waits")
    log.text(50, "b").text(101, "fills the gap")
    for record in log.records:
        partition.feed(record)
    assert asked == [50, 100, 100]
    assert fold(log).head["pending"] == 0


def test_what_retention_removed_meanwhile() -> None:
    log = Log().start().text(1, "a").text(4, "waits").text(5, "waits")
    store = fold_with(log.records)
    gone = PartitionFold.restore(0, 1, store, lambda offset: None)
    # Its first record can't be compared any more: it passes for a copy.
    log.text(1, "other").text(2, "b").text(3, "c").text(6, "d").complete(7)
    for record in log.records:
        gone.feed(record)
    store.commit(gone.drain())
    verdict = decode(store.get("reconciliations", RUN.encode()) or b"")
    assert verdict["sequence"]["duplicates"] == 1
    # What waited can't be folded any more: nobody will give it a second time.
    assert verdict["sequence"]["missing"] == [[4, 5]]
    assert verdict["sequence"]["missing_count"] == 2
    assert verdict["verdict"] == "incomplete"


def test_lists_that_did_not_change_are_not_written_again() -> None:
    log = everything()
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    for record in log.records:
        partition.feed(record)
    store.commit(partition.drain())
    log.text(20, "b", epoch=3, producer="p-3")
    partition.feed(log.records[-1])
    keys = [record.key for record in partition.drain()]
    assert keys == [RUN.encode(), RUN.encode(), b"#position"]


def test_the_state_of_a_long_run_with_many_gaps_stays_small() -> None:
    log = Log().start()
    for at in range(3_000):
        log.text(2 * at + 2, "a")
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    written = 0
    for record in log.records:
        partition.feed(record)
        if record.offset % 15 == 0:
            content = partition.drain()
            store.commit(content)
            written = max(
                written,
                max(len(item.value or b"") for item in content if item.topic == "state"),
            )
    assert len(list(store.scan("state", b"run-1#missing#"))) == 2_000 // 32 + 1
    # A thousand events wait; nothing else in the state grows.
    assert written < 40_000
    for record in log.resumed(1, "q").complete(6_001, epoch=1, producer="q").records[-2:]:
        partition.feed(record)
    store.commit(partition.drain())
    assert vars(store) == vars(fold(log).store)
