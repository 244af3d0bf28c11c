"""One owned partition at work: records in, transactions out."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from durable_streaming.eventlog import Place
from durable_streaming.schemas import Topics

from ..fold import Derived, DerivedStore, LogRecord
from ..metrics import Metrics
from .budget import affords
from .folding import Fold
from .opening import OpenPartition
from .tables import table_topics
from .transaction import write

logger = logging.getLogger(__name__)

# A run that ended is shown at once, but under load the broker is spared: each commit costs it
# two writes to its transaction log and a marker in every topic.
_EAGER_INTERVAL_S: Final = 0.05

# More than a fetch brings while the worker keeps up with the log.
_NEAR_RECORDS: Final = 5_000

# Lag for which the interval is twice as long: about what a worker folds of a partition meanwhile.
_DOUBLING_RECORDS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPolicy:
    """When a partition's changes are committed."""

    interval_s: float = 0.5
    """At the latest so long after the first change that is not committed."""
    sparing_intervals: int = 4
    """How many intervals at most while a transaction would write more than twice the bytes of its
    source records; an ended run waits for one then."""
    behind_interval_s: float = 5.0
    """How long it may become, for ended runs too, the farther the end of the log is: what is shown
    is old then, and writing each run's head less often is what lets the worker catch up."""
    records: int = 100_000
    """At once when so many source records were folded since the last commit."""
    bytes: int = 32_000_000
    """At once when so many source bytes were folded since the last commit."""


class PartitionOwner:
    """Feeds the fold of one partition and commits what it derives, one transaction at a time.

    All methods but the commit itself run in the event loop. The fold goes on while a commit is
    under way; the overlay shows it what is being committed.
    """

    def __init__(
        self,
        opened: OpenPartition,
        topics: Topics,
        policy: CommitPolicy,
        executor: Executor,
        metrics: Metrics,
        clock: Callable[[], float],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._opened = opened
        self._topics = topics
        self._tables = table_topics(topics)
        self._policy = policy
        self._executor = executor
        self._metrics = metrics
        self._clock = clock
        self._on_failure = on_failure
        self._committing: asyncio.Task[None] | None = None
        self._last_commit = clock()
        self._last_written = 0
        self._dirty_since: float | None = None
        self._records = 0
        self._lag = 0
        self._was_behind = False
        self.committed = opened.fold.next_offset
        """The next source offset as of the last commit."""

    @property
    def partition(self) -> int:
        """Which partition."""
        return self._opened.partition

    @property
    def fold(self) -> Fold:
        """The partition's fold."""
        return self._opened.fold

    @property
    def store(self) -> DerivedStore:
        """The partition's tables, with what is being committed."""
        return self._opened.overlay

    @property
    def next_offset(self) -> int:
        """The first source offset not folded yet."""
        return self._opened.fold.next_offset

    def feed(self, records: Sequence[LogRecord], *, lag: int = 0) -> None:
        """Fold consecutive records that begin at `next_offset`.

        Args:
            records: at least one.
            lag: records behind these, as far as is known.

        Raises:
            Exception: the fold failed, which no record makes it do. The local store is dropped
                then: it may lack what the fold needs, and a restart recovers it from the log.
        """
        fold = self._opened.fold
        bytes_before = fold.pending_bytes
        try:
            fold.feed_all(records)
        except Exception:
            self._opened.store.clear()
            raise
        self._records += len(records)
        self._lag = lag
        if lag > _NEAR_RECORDS:
            self._was_behind = True
        if self._dirty_since is None:
            self._dirty_since = self._clock()
        self._metrics.records_folded.inc(len(records))
        self._metrics.bytes_folded.inc(fold.pending_bytes - bytes_before)

    @property
    def full(self) -> bool:
        """Whether the next transaction holds all that it may: feed no more before it is begun."""
        return (
            self._records >= self._policy.records or self.fold.pending_bytes >= self._policy.bytes
        )

    def commit_if_due(self) -> None:
        """Begin a transaction where there is something to commit, and none is under way."""
        if self._dirty_since is None or self._committing is not None:
            return
        if self.full or self._is_due(self._dirty_since):
            self._begin_commit()

    def _is_due(self, dirty_since: float) -> bool:
        policy, now = self._policy, self._clock()
        if self._lag > _NEAR_RECORDS:
            stretched = policy.interval_s * (1 + self._lag / _DOUBLING_RECORDS)
            return now >= dirty_since + min(stretched, policy.behind_interval_s)
        if self._was_behind and now >= self._last_commit + policy.interval_s:
            return True  # the end is reached, and what is shown is old
        earliest = dirty_since + policy.interval_s
        latest = dirty_since + policy.interval_s * policy.sparing_intervals
        if self.fold.run_ended:
            latest, earliest = earliest, min(earliest, self._last_commit + _EAGER_INTERVAL_S)
        affordable = affords(
            self._last_written,
            read=self.fold.pending_bytes,
            seconds=now - self._last_commit,
        )
        return now >= (earliest if affordable else latest)

    async def commit_all(self) -> None:
        """Commit everything folded so far.

        Raises:
            ProcessorError: it can't be written, or not any more.
        """
        while self._committing is not None or self._dirty_since is not None:
            if self._committing is None:
                self._begin_commit()
            await self.commit_done()

    async def commit_done(self) -> None:
        """Wait for the transaction under way, if there is one.

        Raises:
            ProcessorError: it failed.
        """
        if self._committing is not None:
            # Shielded: a cancelled waiter must not leave the thread's work without its owner.
            await asyncio.shield(self._committing)

    def close(self) -> None:
        """Release the partition. Blocks shortly."""
        self._opened.close()

    def _begin_commit(self) -> None:
        fold = self._opened.fold
        derived = fold.drain()
        self._last_written = sum(len(d.value or b"") for d in derived)
        # Needed after a restart for a moment; kept, it would hold the source's tail in memory.
        self._opened.lookup.close()
        self._dirty_since, self._records, self._was_behind = None, 0, False
        self._last_commit = self._clock()
        if derived:
            self._opened.overlay.stage((d.topic, d.key, d.value) for d in derived)
            self._committing = asyncio.ensure_future(self._commit(derived, fold.next_offset))
            self._committing.add_done_callback(self._report)

    async def _commit(self, derived: Sequence[Derived], position: int) -> None:
        loop = asyncio.get_running_loop()
        with self._metrics.commit_seconds.time():
            await loop.run_in_executor(self._executor, self._transact, derived)
        self.committed = position
        self._committing = None
        self._metrics.transactions.inc()
        self._metrics.derived_records.inc(len(derived))

    def _transact(self, derived: Sequence[Derived]) -> None:
        opened = self._opened
        ends = write(opened.writer, self._topics, opened.partition, derived)
        opened.overlay.settle(self._by_table(ends))

    def _report(self, commit: asyncio.Task[None]) -> None:
        if not commit.cancelled() and (error := commit.exception()) is not None:
            self._on_failure(error)

    def _by_table(self, ends: Mapping[Place, int]) -> dict[str, int]:
        return {
            self._tables[topic]: offset
            for (topic, _), offset in ends.items()
            if topic in self._tables
        }
