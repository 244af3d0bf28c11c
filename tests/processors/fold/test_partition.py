"""One partition: when drains happen, what they give, what an ended run leaves."""

from itertools import chain, combinations

import pytest

from durable_streaming.processors.fold import Derived, MemoryStore, PartitionFold, StateLostError
from durable_streaming.schemas import decode, partition_for
from tests.processors.fold.support import RUN, TOPIC, Log, Record, fold


def drained(log: Log, fold: PartitionFold | None = None) -> list[Derived]:
    partition = fold or PartitionFold(0, 1, store=MemoryStore())
    for record in log.records:
        partition.feed(record)
    return partition.drain()


def test_nothing_fed_gives_nothing() -> None:
    partition = PartitionFold(0, 1, store=MemoryStore())
    assert partition.drain() == []
    drained(Log().start(), partition)
    assert partition.drain() == []


def test_a_drain_holds_what_changed_and_the_position() -> None:
    partition = PartitionFold(0, 1, store=MemoryStore())
    log = Log().start().start(run_id="run-2")
    keys = [(record.topic, record.key) for record in drained(log, partition)]
    assert keys == [
        ("drafts", b"run-1"),
        ("state", b"run-1"),
        ("drafts", b"run-2"),
        ("state", b"run-2"),
        ("state", b"#position"),
    ]
    assert (partition.next_offset, partition.running, partition.changed) == (2, 2, 0)
    keys = [(record.topic, record.key) for record in drained(log.text(1, "a"), partition)]
    assert keys == [("drafts", b"run-1"), ("state", b"run-1"), ("state", b"#position")]


def test_a_bad_record_moves_the_position() -> None:
    letter, position = drained(Log().raw(b"bad"))
    assert letter.topic == "dead_letters"
    assert decode(position.value or b"") == {"version": 1, "next_offset": 1}


def test_counters_for_budgets() -> None:
    partition = PartitionFold(0, 1, store=MemoryStore())
    log = Log().start().raw(b"bad").start(run_id="run-2").complete(1, run_id="run-2")
    for record in log.records:
        partition.feed(record)
    assert partition.pending_bytes == sum(len(record.value or b"") for record in log.records)
    assert partition.run_ended is True
    expected = partition.changed
    assert 5 <= expected <= len(partition.drain())
    assert (partition.pending_bytes, partition.run_ended) == (0, False)


def test_records_below_the_position_are_ignored() -> None:
    log = Log().start().text(1, "a").text(2, "b")
    partition = PartitionFold(0, 1, store=MemoryStore())
    first = drained(log, partition)
    assert first
    assert drained(log, partition) == []


def test_offsets_may_jump() -> None:
    partition = PartitionFold(0, 1, store=MemoryStore())
    record = Log().start().records[0]
    partition.feed(record._replace(offset=7))
    assert partition.next_offset == 8


def test_a_record_in_the_wrong_partition_is_bad() -> None:
    home = partition_for(RUN.encode(), 12)
    for place in range(12):
        partition = PartitionFold(place, 12, store=MemoryStore())
        partition.feed(Log().start().records[0])
        assert partition.drain()[0].topic == ("drafts" if place == home else "dead_letters")


def test_the_run_s_partition_stands_in_what_is_derived() -> None:
    home = partition_for(RUN.encode(), 12)
    partition = PartitionFold(home, 12, store=MemoryStore())
    for record in Log().start().complete(1).raw(b"bad").records:
        partition.feed(record)
    values = {record.topic: record for record in partition.drain()}
    verdict = decode(values["reconciliations"].value or b"")
    assert verdict["events"]["partition"] == verdict["applied"]["partition"] == home
    assert decode(values["packets"].value or b"")["events"]["partition"] == home
    assert dict(values["dead_letters"].headers)["partition"] == b"%d" % home


def test_an_end_writes_tombstones_whatever_was_drained_before() -> None:
    log = (
        Log().start().text(1, "a" * 5000).add("source.added", 2, {"source_id": "s", "kind": "url"})
    )
    log.complete(3)
    buried = {(record.topic, record.key) for record in drained(log) if record.value is None}
    assert buried == {
        ("drafts", b"run-1"),
        ("drafts", b"run-1#0"),
        ("state", b"run-1"),
        ("state", b"run-1#sources#0"),
    }


def last_values(
    records: list[Record], drains: tuple[int, ...]
) -> tuple[dict[tuple[str, bytes | None], bytes | None], list[Derived]]:
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    values: dict[tuple[str, bytes | None], bytes | None] = {}
    letters: list[Derived] = []
    for record in [*records, None]:
        if record is None or record.offset in drains:
            content = partition.drain()
            store.commit(content)
            values.update(((item.topic, item.key), item.value) for item in content)
            letters += [item for item in content if item.topic in ("dead_letters", "control")]
        if record is not None:
            partition.feed(record)
    return values, letters


def test_last_values_do_not_depend_on_when_drains_happen() -> None:
    log = Log().start().text(1, "a" * 3000).text(3, "c", part=1).raw(b"bad")
    log.control("run.cancel_requested").text(1, "x").text(2, "b" * 3000)
    log.complete(4, {"text": "other"}).text(5, "late").start(run_id="run-2").text(6, "late")
    expected = last_values(log.records, ())
    offsets = range(1, log.end)
    for drains in chain.from_iterable(combinations(offsets, size) for size in (1, 2, 3, 11)):
        values, letters = last_values(log.records, drains)
        assert values == expected[0]
        assert letters == expected[1]


def test_ended_runs_leave_nothing_in_memory() -> None:
    partition = PartitionFold(0, 1, store=(store := MemoryStore()))
    log = Log()
    for number in range(200):
        log.start(run_id=f"r{number}").complete(1, run_id=f"r{number}")
    for record in log.records:
        partition.feed(record)
    assert partition.running == 0
    store.commit(partition.drain())
    # What the last drain gave is kept until the next one says that it is committed.
    partition.feed(log.raw(b"bad").records[-1])
    store.commit(partition.drain())
    held = [name for name, value in vars(partition).items() if isinstance(value, dict) and value]
    assert held == []
    late = Log().add("x.late", 9, run_id="r7").records[0]
    partition.feed(late._replace(offset=log.end))
    records = partition.drain()
    assert [(record.topic, record.key) for record in records] == [
        ("reconciliations", b"r7"),
        ("state", b"#position"),
    ]


@pytest.mark.parametrize("commit", [True, False])
def test_a_late_record_right_after_the_end(commit: bool) -> None:
    log = Log().start().complete(1).text(2, "late").text(3, "late")
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    for record in log.records:
        partition.feed(record)
        if commit:
            store.commit(partition.drain())
    store.commit(partition.drain())
    assert fold(log).sequence["late"] == 2
    assert store.get("reconciliations", RUN.encode()) == fold(log).store.get(
        "reconciliations", RUN.encode()
    )


def test_an_end_whose_chunks_the_store_lost_is_refused() -> None:
    partition = PartitionFold(0, 1, store=MemoryStore())
    log = Log().start().text(1, "a" * 3000)
    drained(log, partition)
    # Never committed to the store, against the rule; the second drain lets go of the chunk.
    drained(log.text(2, "b"), partition)
    with pytest.raises(StateLostError, match=r"chunk 0 of run-1.*durable rebuild"):
        drained(log.complete(3), partition)


def test_a_late_record_between_a_drain_and_its_commit() -> None:
    log = Log().start().complete(1).text(2, "late")
    partition = PartitionFold(0, 1, store=(store := MemoryStore()))
    for record in log.records[:2]:
        partition.feed(record)
    under_way = partition.drain()
    partition.feed(log.records[2])
    store.commit(under_way)
    store.commit(partition.drain())
    assert vars(store) == vars(fold(log).store)


def test_a_chunk_is_read_again_between_a_drain_and_its_commit() -> None:
    log = Log().start().text(1, "a" * 3000).complete(2, {"text": "a" * 3000})
    partition = PartitionFold(0, 1, store=(store := MemoryStore()))
    for record in log.records[:2]:
        partition.feed(record)
    under_way = partition.drain()
    partition.feed(log.records[2])
    store.commit(under_way)
    store.commit(partition.drain())
    assert vars(store) == vars(fold(log).store)


def test_dead_letters_name_the_topic_they_come_from() -> None:
    partition = PartitionFold(0, 1, store=MemoryStore())
    partition.feed(Record("staging.events", 0, None, None, 0))
    letter = partition.drain()[0]
    assert TOPIC != "staging.events"
    assert dict(letter.headers)["topic"] == b"staging.events"
