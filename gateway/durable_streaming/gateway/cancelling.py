"""Asking a run to stop: one event a run, however often and by how many it is asked for."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from durable_streaming.eventlog import rfc3339
from durable_streaming.gateway.appender import Appender
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import SCHEMA_VERSION, BadRecord, canonical, judge_value
from durable_streaming.schemas.events import CancelRequestedData

# Of so many runs it is remembered that they were asked; the fold ignores a second asking anyway.
_MAX_REMEMBERED = 100_000


class Cancelling:
    """Appends `run.cancel_requested`, at most once for each run of one topic incarnation."""

    def __init__(self, appender: Appender, topic: str) -> None:
        self._appender = appender
        self._topic = topic
        self._asked: OrderedDict[tuple[str, str], asyncio.Task[None]] = OrderedDict()

    async def ask(self, epoch: str, run_id: str, data: CancelRequestedData) -> None:
        """Ask a run to stop and wait until the log has it.

        Raises:
            Refusal: the data make no valid event, or the log did not take it; asking again
                tries again then.
        """
        key = (epoch, run_id)
        task = self._asked.get(key)
        if task is None:
            value = _event(run_id, data)
            append = self._appender.append(self._topic, run_id.encode(), value)
            task = self._asked[key] = asyncio.create_task(append)
            while len(self._asked) > _MAX_REMEMBERED:
                self._asked.popitem(last=False)
        try:
            # Whoever asked first may go away; the others still wait for the same append.
            await asyncio.shield(task)
        except Refusal:
            if self._asked.get(key) is task:
                del self._asked[key]
            raise


def _event(run_id: str, data: CancelRequestedData) -> bytes:
    value = canonical(
        {
            "schema_version": SCHEMA_VERSION,
            "run_id": run_id,
            "type": "run.cancel_requested",
            "time": rfc3339(time.time_ns() // 1_000_000),
            "data": data.model_dump(exclude_none=True),
        }
    )
    judged = judge_value(value)
    if isinstance(judged, BadRecord):
        raise Refusal("bad-request", f"this makes no event: {judged.detail}")
    return value
