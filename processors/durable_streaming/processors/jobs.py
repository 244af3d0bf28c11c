"""What a worker does by the clock, beside folding."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final

from .app import Processor
from .ending import end_process
from .errors import Crashed
from .timeouts import IdleRuns
from .watchdog import Watchdog

_TICK_S: Final = 0.05
_WATCH_S: Final = 5.0
_REPORT_S: Final = 5.0
# The loop is alive when it ticked within this time; a large batch is folded in a fraction of it.
_LOOP_SILENCE_S: Final = 15.0


class Pulse:
    """When the event loop last turned."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        """Say that the loop turns."""
        self._last = time.monotonic()

    def alive(self) -> bool:
        """Whether it turned lately."""
        return time.monotonic() - self._last < _LOOP_SILENCE_S


def periodic_jobs(processor: Processor, pulse: Pulse) -> Iterator[Coroutine[Any, Any, None]]:
    """Give what a worker does by the clock; each runs until it is cancelled."""
    settings, ownership = processor.settings, processor.ownership
    watchdog = Watchdog(
        ownership,
        processor.log,
        settings.topics.events,
        processor.metrics,
        patience_s=settings.stall_timeout,
        clock=time.monotonic,
    )
    idle_runs = IdleRuns(
        ownership,
        processor.log.writer(f"{settings.application}-timeouts"),
        settings.topics.events,
        processor.broker_time,
        processor.metrics,
        idle_s=settings.idle_timeout,
        caught_up=processor.caught_up,
    )

    async def tick() -> None:
        pulse.beat()
        ownership.tick()
        if processor.app.crashed:
            raise Crashed(f"the Faust application crashed: {processor.app.crash_reason!r}")

    async def report() -> None:
        if ownership.ready:
            await processor.report_positions()

    yield _every(_TICK_S, tick)
    yield _every(_WATCH_S, watchdog.check)
    yield _every(min(5.0, max(0.2, settings.idle_timeout / 10)), idle_runs.check)
    yield _every(_REPORT_S, report)


async def stop_when_caught_up(processor: Processor, stop: asyncio.Event) -> None:
    """Set `stop` once everything is folded that the log holds now."""
    admin = processor.log.admin()
    ends = await asyncio.to_thread(admin.watermarks, processor.settings.topics.events)
    admin.close()

    async def look() -> None:
        positions = {owner.partition: owner.next_offset for owner in processor.ownership}
        if positions.keys() >= ends.keys() and all(positions[p] >= ends[p][1] for p in ends):
            stop.set()

    await _every(_TICK_S, look)


async def _every(interval_s: float, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(interval_s)
        try:
            await job()
        except Exception as error:
            end_process(error)
