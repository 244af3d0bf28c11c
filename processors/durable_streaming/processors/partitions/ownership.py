"""Which partitions this worker owns: taken over and let go with each rebalance."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from ..fold import LogRecord
from ..metrics import Metrics
from .opening import OpenPartition, Site, open_partition
from .owner import CommitPolicy, PartitionOwner

logger = logging.getLogger(__name__)

# Threads wait for the broker most of the time; a rebalance may bring a dozen partitions at once.
_THREADS: Final = 12

T = TypeVar("T")

Reread = Callable[[int, int], Awaitable[None]]
"""Asks for a partition to be delivered again: partition, first offset wanted."""


class Ownership:
    """The owned partitions, and the one way in for their records.

    Args:
        site: where partitions live.
        policy: when changes are committed.
        metrics: counted into.
        reread: asks the consumer to deliver a partition again from an offset on.
        on_failure: told what must end the process.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        site: Site,
        policy: CommitPolicy,
        metrics: Metrics,
        *,
        reread: Reread,
        on_failure: Callable[[BaseException], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site
        self._policy = policy
        self._metrics = metrics
        self._reread = reread
        self._on_failure = on_failure
        self._clock = clock
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="partition")
        self._owners: dict[int, PartitionOwner] = {}
        self._holes: dict[int, tuple[int, int]] = {}
        self._rebalance = asyncio.Lock()
        self._accepting = False
        self._rebalances = 0

    def __iter__(self) -> Iterator[PartitionOwner]:
        return iter(list(self._owners.values()))

    def __len__(self) -> int:
        return len(self._owners)

    def get(self, partition: int) -> PartitionOwner | None:
        """Return the owner of a partition, None where this worker has it not."""
        return self._owners.get(partition)

    @property
    def ready(self) -> bool:
        """Whether the last rebalance is over and every assigned partition open."""
        return self._accepting

    async def suspend(self) -> None:
        """Commit what was folded and take no more records: a rebalance or the end has come.

        Raises:
            ProcessorError: it can't be written, or not any more.
        """
        self._accepting = False
        self._rebalances += 1
        await asyncio.gather(*(owner.commit_all() for owner in self))

    async def assign(self, partitions: set[int]) -> None:
        """Own exactly these partitions, then accept records.

        One that was owned before keeps its fold: had another worker owned it meanwhile, its
        writer would be fenced and the next commit would end this process.

        Faust cancels this when yet another rebalance begins. The work goes on all the same, for a
        store and a writer that were being opened must not be left without an owner; the next
        assignment waits for it and puts right what it did too much.

        Raises:
            ProcessorError: a partition can't be taken over.
            EventLogError: the log can't be reached or read.
        """
        await asyncio.shield(self._watched(self._assign(partitions, self._rebalances)))

    async def feed(
        self, partition: int, records: Sequence[LogRecord], *, end: int | None = None
    ) -> None:
        """Fold a batch of consecutive records of one partition.

        Whatever the consumer's bookkeeping did, each offset is folded once and in order: what was
        folded already is left out, and where something is missing before the batch the partition
        is read again from there.

        Args:
            partition: whose records they are.
            records: consecutive ones, at least one.
            end: the end of the partition as far as it is known.

        Raises:
            ProcessorError: the transaction that has to make room can't be written.
        """
        owner = self._owners.get(partition)
        if owner is None or not self._accepting:
            return  # read again by whoever owns it after the rebalance
        expected = owner.next_offset
        if records[-1].offset < expected:
            return
        if records[0].offset > expected and not self._is_hole(partition, expected, records[0]):
            self._metrics.reread.inc()
            await self._reread(partition, expected)
            return
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
        if owner.full:
            await owner.commit_done()
        owner.feed(records, lag=0 if end is None else end - records[-1].offset - 1)
        owner.commit_if_due()

    def tick(self) -> None:
        """Begin the transactions that are due; call it more often than they should be late."""
        for owner in self:
            owner.commit_if_due()

    async def close(self) -> None:
        """Let every partition go without committing; `suspend` commits."""
        async with self._rebalance:
            owners, self._owners = list(self), {}
            await asyncio.gather(*(self._run(owner.close) for owner in owners))
        self._executor.shutdown()

    async def _assign(self, partitions: set[int], rebalance: int) -> None:
        async with self._rebalance:
            for partition in self._owners.keys() - partitions:
                await self._run(self._owners.pop(partition).close)
            self._holes.clear()
            missing = sorted(partitions - self._owners.keys())
            await asyncio.gather(*(self._open(partition) for partition in missing))
            self._metrics.rebalances.inc()
            self._accepting = rebalance == self._rebalances

    def _watched(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)

        def report(done: asyncio.Task[None]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                self._on_failure(error)

        task.add_done_callback(report)
        return task

    async def _open(self, partition: int) -> None:
        opened: OpenPartition = await self._run(lambda: open_partition(self._site, partition))
        self._owners[partition] = PartitionOwner(
            opened,
            self._site.topics,
            self._policy,
            self._executor,
            self._metrics,
            self._clock,
            self._on_failure,
        )

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def _is_hole(self, partition: int, expected: int, first: LogRecord) -> bool:
        # The same jump after reading again is in the log itself: records expired unread, or a
        # stranger's transaction left its marker. Waiting would not bring them back.
        jump = (expected, first.offset)
        if self._holes.get(partition) != jump:
            self._holes[partition] = jump
            return False
        del self._holes[partition]
        self._metrics.holes.inc()
        logger.error(
            "source offsets jump: records expired before they were folded",
            extra={"partition": partition, "from_offset": jump[0], "next_offset": jump[1]},
        )
        return True
