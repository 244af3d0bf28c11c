"""Appending `run.timed_out` for runs that fell silent, by the owner of their partition."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from durable_streaming.eventlog import Outcome, Stored, Writer

from .brokertime import BrokerTime
from .metrics import Metrics
from .partitions.ownership import Ownership

logger = logging.getLogger(__name__)

_APPEND_TIMEOUT_S: Final = 10.0


class IdleRuns:
    """Looks for runs without an event for too long and says so in the log.

    Whether a time-out holds is decided by the fold of the log alone; one appended needlessly (by
    two owners, or just before an event came) counts nowhere. So this may be late or repeat itself,
    and needs no transaction, which would hold up every reader of the source.
    """

    def __init__(
        self,
        ownership: Ownership,
        writer: Writer,
        topic: str,
        time: BrokerTime,
        metrics: Metrics,
        *,
        idle_s: float,
        caught_up: Callable[[int], bool],
    ) -> None:
        self._ownership = ownership
        self._writer = writer
        self._topic = topic
        self._time = time
        self._metrics = metrics
        self._idle_ms = round(idle_s * 1000)
        self._caught_up = caught_up

    async def check(self) -> None:
        """Append what is due and wait until the log has it."""
        appended = 0
        for owner in self._ownership:
            # What was not read yet may hold an event of the run.
            if not self._caught_up(owner.partition):
                continue
            for key, value in owner.fold.due_timeouts(self._time.now_ms(), self._idle_ms):
                self._writer.append(
                    self._topic,
                    key,
                    value,
                    partition=owner.partition,
                    on_outcome=self._count,
                )
                appended += 1
        if appended:
            left = await asyncio.to_thread(self._writer.flush, _APPEND_TIMEOUT_S)
            logger.info("runs timed out", extra={"runs": appended, "waiting": left})

    def _count(self, outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            self._metrics.timeouts.inc()
        else:
            # The fold asks again when the run was silent for as long once more.
            logger.warning("time-out not appended", extra={"reason": outcome.error})
