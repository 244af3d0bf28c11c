"""Asking the broker for its end, at this moment, once for all who ask together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from durable_streaming.eventlog import EventLogError
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.threads import in_daemon_thread

Marks = Mapping[int, tuple[int, int]]

_TIMEOUT_S = 3.0


class EndProbe:
    """Asks for the watermarks of all partitions.

    An answer is only good for those who asked before the question left, so whoever comes while
    one is under way shares the next. That bounds the questions to one at a time.
    """

    def __init__(self, ask: Callable[[], Marks]) -> None:
        """Wire it.

        Args:
            ask: asks the broker; blocks, so it runs in a thread.
        """
        self._ask = ask
        self._running: asyncio.Task[Marks] | None = None
        self._next: asyncio.Task[Marks] | None = None

    async def marks(self) -> Marks:
        """Return low and high watermark of each partition, asked after this call.

        Raises:
            Refusal: the broker does not answer.
        """
        if self._running is None or self._running.done():
            self._running = task = asyncio.create_task(in_daemon_thread(self._ask))
        elif self._next is None or self._next.done():
            self._next = task = asyncio.create_task(self._after(self._running))
        else:
            task = self._next
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await asyncio.shield(task)
        except (TimeoutError, EventLogError):
            # Nobody may be left to take a late failure.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise Refusal("not-ready", "the broker does not answer: try again") from None

    async def _after(self, running: asyncio.Task[Marks]) -> Marks:
        await asyncio.wait({running})
        self._running, self._next = self._next, None
        return await in_daemon_thread(self._ask)
