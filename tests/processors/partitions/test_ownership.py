"""Rebalances, and records that come twice, too early or not at all."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.processors.fold import PartitionFold
from durable_streaming.processors.metrics import Metrics
from durable_streaming.processors.partitions.folding import Fold, RestoreFold
from durable_streaming.processors.partitions.owner import CommitPolicy
from durable_streaming.processors.partitions.ownership import Ownership
from tests.processors.derived import differences, folded, stored
from tests.processors.partitions.sites import (
    TOPICS,
    append,
    new_log,
    new_site,
    source,
    unexpected,
)
from tests.processors.samples import untidy_log


class World:
    """An ownership over a log in memory, with what it asked to read again."""

    def __init__(
        self,
        directory: Path,
        *,
        policy: CommitPolicy | None = None,
        restore: RestoreFold = PartitionFold.restore,
        on_failure: Callable[[BaseException], None] = unexpected,
    ) -> None:
        self.log: MemoryLog = new_log()
        self.reread: list[tuple[int, int]] = []
        append(self.log, untidy_log(5, runs=10, deltas=30))

        async def reread(partition: int, offset: int) -> None:
            self.reread.append((partition, offset))

        self.ownership = Ownership(
            new_site(self.log, directory, restore),
            policy or CommitPolicy(),
            Metrics(),
            reread=reread,
            on_failure=on_failure,
        )

    async def fold_all(self) -> None:
        for partition in (0, 1):
            await self.ownership.feed(partition, source(self.log, partition))

    def assert_same(self) -> None:
        assert differences(folded(self.log, TOPICS), stored(self.log, TOPICS)) == []


async def test_repeats_and_jumps_are_put_right(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.ownership.assign({0, 1})
    records = source(world.log, 0)
    feed = world.ownership.feed
    await feed(0, records[:10])
    await feed(0, records[:5])
    await feed(0, records[5:15])
    await feed(0, records[20:30])
    assert world.reread == [(0, 15)]
    await feed(0, records[30:])
    assert world.reread == [(0, 15), (0, 15)]
    await feed(0, records[15:])
    await feed(1, source(world.log, 1))
    await world.ownership.suspend()
    world.assert_same()
    await world.ownership.close()


async def test_a_jump_that_is_in_the_log_is_accepted_when_it_comes_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.ownership.assign({0, 1})
    records = source(world.log, 0)
    await world.ownership.feed(0, records[:3])
    await world.ownership.feed(0, records[8:])
    owner = world.ownership.get(0)
    assert owner is not None
    assert owner.next_offset == 3
    await world.ownership.feed(0, records[8:])
    assert owner.next_offset == len(records)
    await world.ownership.close()


async def test_nothing_is_taken_between_suspension_and_assignment(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.fold_all()
    assert len(world.ownership) == 0
    await world.ownership.assign({0, 1})
    await world.ownership.suspend()
    assert not world.ownership.ready
    await world.fold_all()
    assert [owner.next_offset for owner in world.ownership] == [0, 0]
    await world.ownership.assign({0, 1})
    await world.fold_all()
    await world.ownership.suspend()
    world.assert_same()
    await world.ownership.close()


async def test_a_partition_that_stays_keeps_its_fold_and_one_that_goes_is_released(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    await world.ownership.assign({0, 1})
    kept = world.ownership.get(0)
    await world.ownership.suspend()
    await world.ownership.assign({0})
    assert world.ownership.get(0) is kept
    assert world.ownership.get(1) is None
    await world.ownership.suspend()
    await world.ownership.assign({0, 1})
    assert world.ownership.get(0) is kept
    await world.fold_all()
    await world.ownership.suspend()
    world.assert_same()
    await world.ownership.close()


async def test_an_assignment_cancelled_by_the_next_leaves_nothing_open(tmp_path: Path) -> None:
    def slowly(*args: Any) -> Fold:
        time.sleep(0.2)
        return PartitionFold.restore(*args)

    world = World(tmp_path, restore=slowly)
    first = asyncio.ensure_future(world.ownership.assign({0, 1}))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await world.ownership.suspend()
    await world.ownership.assign({1})
    assert [owner.partition for owner in world.ownership] == [1]
    assert world.ownership.ready
    await world.ownership.suspend()
    await world.ownership.assign({0, 1})
    await world.fold_all()
    await world.ownership.suspend()
    world.assert_same()
    await world.ownership.close()


async def test_a_partition_that_can_not_be_opened_is_reported(tmp_path: Path) -> None:
    def broken(*_: Any) -> Fold:
        raise RuntimeError("no fold")

    failures: list[BaseException] = []
    world = World(tmp_path, restore=broken, on_failure=failures.append)
    with pytest.raises(RuntimeError, match="no fold"):
        await world.ownership.assign({0})
    await asyncio.sleep(0)
    assert [str(error) for error in failures] == ["no fold"]
    assert not world.ownership.ready
    await world.ownership.close()


async def test_no_transaction_holds_more_than_its_budget_and_a_batch(tmp_path: Path) -> None:
    world = World(tmp_path, policy=CommitPolicy(records=20, interval_s=60))
    await world.ownership.assign({0, 1})
    for partition in (0, 1):
        records = source(world.log, partition)
        for start in range(0, len(records), 8):
            await world.ownership.feed(partition, records[start : start + 8])
            owner = world.ownership.get(partition)
            assert owner is not None
            # One transaction under way, one being filled, one batch.
            assert owner.next_offset - owner.committed <= 2 * 20 + 2 * 8
    await world.ownership.suspend()
    world.assert_same()
    await world.ownership.close()
