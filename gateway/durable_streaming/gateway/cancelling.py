"""Asking a run to stop: one event a run, however often and by how many it is asked for."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

from durable_streaming.eventlog import rfc3339
from durable_streaming.gateway.appender import Append, Appender
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
        self._asked: OrderedDict[tuple[str, str], _Asking] = OrderedDict()

    async def ask(self, epoch: str, run_id: str, data: CancelRequestedData) -> None:
        """Ask a run to stop and wait until the log has it.

        Raises:
            Refusal: the data make no valid event, or the log did not take it. Asking again waits
                for the same record while it may still arrive, and writes another after that.
        """
        key = (epoch, run_id)
        asking = self._asked.get(key)
        if asking is None or asking.record.is_lost:
            record = Append(self._topic, run_id.encode(), _event(run_id, data))
            asking = self._asked[key] = _Asking(record)
            while len(self._asked) > _MAX_REMEMBERED:
                self._asked.popitem(last=False)
        if asking.waiting is None or asking.waiting.done():
            asking.waiting = asyncio.create_task(self._appender.append(asking.record))
        # Whoever asked first may go away; the others still wait for the same append.
        await asyncio.shield(asking.waiting)


@dataclass(slots=True)
class _Asking:
    """The event that asks one run, and who waits until the log has it."""

    record: Append
    waiting: asyncio.Task[None] | None = None


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
