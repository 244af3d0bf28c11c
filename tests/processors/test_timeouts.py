"""`run.timed_out` is appended by the owner, when it has read everything, by the broker's time."""

from pathlib import Path

from durable_streaming.eventlog import MemoryLog
from durable_streaming.processors.brokertime import BrokerTime
from durable_streaming.processors.fold import PartitionFold
from durable_streaming.processors.metrics import Metrics
from durable_streaming.processors.partitions.owner import CommitPolicy
from durable_streaming.processors.partitions.ownership import Ownership
from durable_streaming.processors.timeouts import IdleRuns
from tests.processors.derived import differences, folded, stored
from tests.processors.partitions.sites import (
    PARTITIONS,
    TOPICS,
    append,
    key_of,
    new_site,
    source,
    unexpected,
)
from tests.processors.samples import clean_run
from tests.processors.test_operations import HandClock

IDLE_S = 600.0


class Silence:
    """Two silent runs, one a partition, on a log whose clock is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.clock = HandClock()
        self.log = MemoryLog(TOPICS.specs(partitions=PARTITIONS), self.clock)
        self.behind: set[int] = set()
        self.metrics = Metrics()

        async def reread(partition: int, offset: int) -> None:
            raise AssertionError("nothing is to be read again")

        self.ownership = Ownership(
            new_site(self.log, directory, PartitionFold.restore),
            CommitPolicy(),
            self.metrics,
            reread=reread,
            on_failure=unexpected,
        )
        self.idle_runs = IdleRuns(
            self.ownership,
            self.log.writer(),
            TOPICS.events,
            BrokerTime(self.clock),
            self.metrics,
            idle_s=IDLE_S,
            caught_up=lambda partition: partition not in self.behind,
        )
        for partition in (0, 1):
            append(self.log, clean_run(key_of(partition), 3, end=False))

    async def fold(self) -> None:
        for owner in self.ownership:
            new = source(self.log, owner.partition)[owner.next_offset :]
            if new:
                await self.ownership.feed(owner.partition, new)

    def ends(self) -> list[int]:
        return [
            partition
            for partition in (0, 1)
            for record in source(self.log, partition)
            if b'"run.timed_out"' in (record.value or b"")
        ]


async def test_silent_runs_are_timed_out_after_the_idle_time_and_once(tmp_path: Path) -> None:
    world = Silence(tmp_path)
    await world.ownership.assign({0, 1})
    await world.fold()
    world.clock.wall_ms += 599_000
    await world.idle_runs.check()
    assert world.ends() == []
    world.clock.wall_ms += 1_000
    await world.idle_runs.check()
    await world.idle_runs.check()
    assert world.ends() == [0, 1]
    await world.fold()
    world.clock.wall_ms += 2_000_000
    await world.idle_runs.check()
    assert world.ends() == [0, 1]
    assert world.metrics.registry.get_sample_value("durable_processor_timeouts_total") == 2
    await world.ownership.suspend()
    assert differences(folded(world.log, TOPICS), stored(world.log, TOPICS)) == []
    packets = [k for k in stored(world.log, TOPICS).tables if k[0] == "packets"]
    assert len(packets) == 2
    await world.ownership.close()


async def test_a_partition_that_is_not_read_to_its_end_has_no_silent_runs(tmp_path: Path) -> None:
    world = Silence(tmp_path)
    await world.ownership.assign({0, 1})
    await world.fold()
    world.clock.wall_ms += 700_000
    world.behind = {0}
    await world.idle_runs.check()
    assert world.ends() == [1]
    await world.ownership.close()


async def test_the_idle_time_goes_on_over_the_death_of_the_worker(tmp_path: Path) -> None:
    world = Silence(tmp_path)
    await world.ownership.assign({0, 1})
    await world.fold()
    await world.ownership.suspend()
    await world.ownership.close()
    log, clock = world.log, world.clock
    world = Silence(tmp_path / "second")
    world.log, world.clock = log, clock
    clock.wall_ms += 600_000
    ownership = Ownership(
        new_site(log, tmp_path / "second", PartitionFold.restore),
        CommitPolicy(),
        world.metrics,
        reread=lambda *_: unexpected_reread(),
        on_failure=unexpected,
    )
    await ownership.assign({0, 1})
    await IdleRuns(
        ownership,
        log.writer(),
        TOPICS.events,
        BrokerTime(clock),
        world.metrics,
        idle_s=IDLE_S,
        caught_up=lambda partition: True,
    ).check()
    assert world.ends() == [0, 1]
    await ownership.close()


async def unexpected_reread() -> None:
    raise AssertionError("nothing is to be read again")
