"""Ends a worker that stands still although there is something to do."""

import asyncio
import logging
from collections.abc import Callable

from durable_streaming.eventlog import Admin, EventLogError, Log

from .errors import Stalled
from .metrics import Metrics
from .partitions.ownership import Ownership

logger = logging.getLogger(__name__)


class Watchdog:
    """Compares what was folded and committed with what the broker has.

    Faust has more than one way to stay up and consume nothing. None of them is looked for: the
    broker's own high watermarks against the partitions' positions show them all.
    """

    def __init__(
        self,
        ownership: Ownership,
        log: Log,
        topic: str,
        metrics: Metrics,
        *,
        patience_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._ownership = ownership
        self._log = log
        self._admin: Admin | None = None
        self._topic = topic
        self._metrics = metrics
        self._patience = patience_s
        self._clock = clock
        self._seen: dict[int, tuple[int, int]] = {}
        self._moved = clock()

    async def check(self) -> None:
        """Look once.

        Raises:
            Stalled: nothing moved for the patience although there is lag.
        """
        try:
            marks = await asyncio.to_thread(self._watermarks)
        except EventLogError as error:
            # A broker that is away is not our standing still; transactions have their own limit.
            logger.warning("high watermarks unknown", extra={"reason": str(error)})
            self._moved = self._clock()
            return
        seen = {o.partition: (o.next_offset, o.committed) for o in self._ownership}
        lags = {p: marks[p][1] - committed for p, (_, committed) in seen.items() if p in marks}
        self._export(seen, lags)
        if seen != self._seen or not any(lag > 0 for lag in lags.values()):
            self._seen, self._moved = seen, self._clock()
        elif self._clock() - self._moved > self._patience:
            behind = {p: lag for p, lag in lags.items() if lag > 0}
            raise Stalled(f"nothing moved for {self._patience:.0f} s, lag by partition: {behind}")

    def _watermarks(self) -> dict[int, tuple[int, int]]:
        if self._admin is None:
            self._admin = self._log.admin()
        return self._admin.watermarks(self._topic)

    def _export(self, seen: dict[int, tuple[int, int]], lags: dict[int, int]) -> None:
        metrics = self._metrics
        for gauge in (metrics.next_offset, metrics.committed_offset, metrics.lag):
            gauge.clear()  # a partition that went to another worker must not be shown here
        for partition, (position, committed) in seen.items():
            metrics.next_offset.labels(partition).set(position)
            metrics.committed_offset.labels(partition).set(committed)
        for partition, lag in lags.items():
            metrics.lag.labels(partition).set(lag)
