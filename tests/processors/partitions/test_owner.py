"""When transactions begin, and what they hold."""

import asyncio
import itertools
from pathlib import Path

import pytest

from durable_streaming.processors.errors import Fenced
from durable_streaming.processors.partitions.opening import open_partition
from durable_streaming.processors.partitions.owner import CommitPolicy
from tests.processors.derived import differences, folded, read_all, stored
from tests.processors.partitions.sites import (
    TOPICS,
    append,
    key_of,
    new_log,
    new_owner,
    new_site,
    source,
)
from tests.processors.samples import clean_run, untidy_log


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_changes_are_committed_once_the_interval_is_over(tmp_path: Path) -> None:
    log, clock = new_log(), HandClock()
    append(log, clean_run(key_of(0), 5, end=False))
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), clock=clock)
    owner.feed(source(log, 0))
    clock.now += 0.4
    owner.commit_if_due()
    await owner.commit_done()
    assert stored(log, TOPICS).tables == {}
    assert owner.committed == 0
    clock.now += 0.2
    owner.commit_if_due()
    await owner.commit_done()
    assert differences(folded(log, TOPICS), stored(log, TOPICS)) == []
    assert owner.committed == owner.next_offset == 6
    owner.close()


async def test_a_run_that_ended_is_committed_at_once_but_not_all_the_time(tmp_path: Path) -> None:
    log, clock = new_log(), HandClock()
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), clock=clock)
    clock.now += 1
    append(log, clean_run(key_of(0, "first"), 1))
    owner.feed(source(log, 0))
    owner.commit_if_due()
    await owner.commit_done()
    assert owner.committed == 3
    append(log, clean_run(key_of(0, "second"), 1))
    owner.feed(source(log, 0)[3:])
    clock.now += 0.04
    owner.commit_if_due()
    await owner.commit_done()
    assert owner.committed == 3
    clock.now += 0.02
    owner.commit_if_due()
    await owner.commit_done()
    assert owner.committed == 6
    owner.close()


async def test_heads_that_outgrow_the_source_are_written_less_often(tmp_path: Path) -> None:
    log, clock = new_log(), HandClock()
    # Thirty deltas of two characters a second of each of eight runs: heads are mostly deltas.
    runs = [clean_run(key_of(0, f"run-{n}"), 1_200, text="a ", end=False) for n in range(8)]
    append(log, itertools.chain.from_iterable(zip(*runs, strict=True)))
    records = source(log, 0)
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), clock=clock)
    pauses: list[float] = []
    for begin in range(0, len(records), 24):
        owner.feed(records[begin : begin + 24])
        clock.now += 0.1
        before = clock.now
        owner.commit_if_due()
        if owner.fold.pending_bytes == 0:
            pauses.append(before)
        await owner.commit_done()
    read = sum(len(record.value or b"") for record in records)
    written = sum(len(record.value or b"") for record in read_all(log, TOPICS.drafts))
    gaps = [round(later - earlier, 1) for earlier, later in itertools.pairwise(pauses)]
    assert gaps[0] == 0.6
    assert 1 < max(gaps) <= 2.1
    assert written < 2.1 * read + 10_000 * 0.1 * len(records) / 24
    owner.close()


async def test_far_from_the_end_of_the_log_transactions_are_fewer(tmp_path: Path) -> None:
    log, clock = new_log(), HandClock()
    append(log, clean_run(key_of(0), 5))
    records = source(log, 0)
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), clock=clock)
    owner.feed(records[:5], lag=1_000_000)
    clock.now += 4.9
    owner.commit_if_due()
    assert owner.fold.pending_bytes > 0
    clock.now += 0.2
    owner.commit_if_due()
    await owner.commit_done()
    assert owner.committed == 5
    owner.feed(records[5:], lag=10_000)
    clock.now += 0.9
    owner.commit_if_due()
    assert owner.fold.run_ended
    owner.feed(records[7:], lag=0)
    owner.commit_if_due()
    await owner.commit_done()
    assert owner.committed == 7
    owner.close()


async def test_the_end_of_a_backlog_is_shown_without_sparing(tmp_path: Path) -> None:
    log, clock = new_log(), HandClock()
    append(log, clean_run(key_of(0, "long"), 9, text="a long one " * 200, end=False))
    append(log, clean_run(key_of(0, "short"), 2, end=False))
    records = source(log, 0)
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), clock=clock)
    owner.feed(records[:10])
    clock.now += 0.6
    owner.commit_if_due()
    await owner.commit_done()
    owner.feed(records[10:12], lag=1_000_000)
    clock.now += 0.6
    owner.commit_if_due()
    assert owner.fold.pending_bytes > 0
    owner.feed(records[12:])
    owner.commit_if_due()
    await owner.commit_done()
    assert owner.committed == 13
    owner.close()


@pytest.mark.parametrize("policy", [CommitPolicy(records=4), CommitPolicy(bytes=600)])
async def test_a_full_transaction_is_committed_at_once(
    tmp_path: Path, policy: CommitPolicy
) -> None:
    log, clock = new_log(), HandClock()
    append(log, clean_run(key_of(0), 9, end=False))
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), policy, clock=clock)
    records = source(log, 0)
    owner.feed(records[:2])
    assert not owner.full
    owner.feed(records[2:4])
    assert owner.full
    owner.commit_if_due()
    assert not owner.full
    await owner.commit_done()
    assert owner.committed == 4
    owner.close()


async def test_folding_goes_on_while_a_transaction_is_under_way(tmp_path: Path) -> None:
    log, clock = new_log(), HandClock()
    append(log, untidy_log(3, runs=10, deltas=300))
    owner = new_owner(open_partition(new_site(log, tmp_path), 0), clock=clock)
    for record in source(log, 0):
        owner.feed([record])
        clock.now += 0.1
        owner.commit_if_due()
        if record.offset % 7 == 0:
            await asyncio.sleep(0)
    await owner.commit_all()
    owner.close()
    other = new_owner(open_partition(new_site(log, tmp_path), 1))
    other.feed(source(log, 1))
    await other.commit_all()
    other.close()
    assert differences(folded(log, TOPICS), stored(log, TOPICS)) == []


async def test_the_store_stands_for_exactly_what_was_committed(tmp_path: Path) -> None:
    log = new_log()
    append(log, untidy_log(4, runs=6, deltas=30))
    opened = open_partition(new_site(log, tmp_path), 0)
    owner = new_owner(opened)
    owner.feed(source(log, 0))
    await owner.commit_all()
    for table, position in opened.store.positions.items():
        assert position == log.admin().watermarks(getattr(TOPICS, table))[0][1]
    owner.close()
    reopened = open_partition(new_site(log, tmp_path), 0)
    assert reopened.fold.next_offset == len(source(log, 0))
    reopened.close()


async def test_a_failed_transaction_is_reported_and_raised(tmp_path: Path) -> None:
    log = new_log()
    append(log, clean_run(key_of(0), 1))
    failures: list[BaseException] = []
    owner = new_owner(open_partition(new_site(log, tmp_path / "a"), 0), on_failure=failures.append)
    successor = open_partition(new_site(log, tmp_path / "b"), 0)
    owner.feed(source(log, 0))
    with pytest.raises(Fenced):
        await owner.commit_all()
    await asyncio.sleep(0)
    assert [type(error) for error in failures] == [Fenced]
    assert read_all(log, TOPICS.packets) == []
    owner.close()
    successor.close()
