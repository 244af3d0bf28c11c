"""Running one worker: `durable processor`."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

from faust.contrib.asgi import bind_to_running_loop

from . import logs
from .app import Processor, create_processor
from .ending import end_process
from .errors import Crashed
from .health import HealthServer
from .jobs import Pulse, periodic_jobs, stop_when_caught_up
from .rebuild import empty_derived
from .settings import ProcessorSettings

logger = logging.getLogger(__name__)

_STOP_TIMEOUT_S: Final = 15.0
# Objects made and not freed before the youngest are searched; Python's default is 700.
_COLLECT_AFTER: Final = 200_000


def run(settings: ProcessorSettings) -> int:
    """Run a worker until SIGTERM or SIGINT; the process ends by itself when it must not go on.

    Returns:
        The exit code of a graceful stop: 0. Every other end leaves the process at once, with the
        code of the error (see `errors`).
    """
    logs.configure()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(settings))
    return 0


def rebuild(settings: ProcessorSettings) -> int:
    """Empty everything derived and fold it again, up to the end of the log as of then.

    Returns:
        The exit code of success: 0. A failure ends the process, as in `run`.
    """
    logs.configure()
    try:
        empty_derived(settings)
    except Exception as error:
        end_process(error)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(settings, until_caught_up=True))
    return 0


async def _run(settings: ProcessorSettings, *, until_caught_up: bool = False) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        processor = create_processor(settings, on_failure=end_process)
        await serve(processor, stop, until_caught_up=until_caught_up)
    except Exception as error:
        # Faust's services may not survive a failed start, nor let the loop close.
        end_process(error)


async def serve(
    processor: Processor, stop: asyncio.Event, *, until_caught_up: bool = False
) -> None:
    """Work until `stop` is set, then commit and let everything go.

    Args:
        processor: what `create_processor` made; of use for this once.
        stop: set it to end gracefully.
        until_caught_up: also stop at the end of the log as of the start.
    """
    app, ownership, pulse = processor.app, processor.ownership, Pulse()
    app.in_worker = True
    _collect_seldom()
    with _health(processor, pulse), contextlib.ExitStack() as jobs:
        # A start lasts until the group has formed and partitions are recovered; it must not keep
        # a worker from stopping, nor the ticks from running that show it alive.
        bind_to_running_loop(app)
        app.finalize()
        start = asyncio.ensure_future(app.start())
        for job in periodic_jobs(processor, pulse):
            jobs.callback(asyncio.ensure_future(job).cancel)
        if until_caught_up:
            jobs.callback(asyncio.ensure_future(stop_when_caught_up(processor, stop)).cancel)
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            await start
            logger.info("worker started", extra={"group": processor.settings.application})
            await stopped
        logger.info("worker stops")
        _limit_stop()
        await ownership.suspend()
        jobs.close()
        if not start.done():
            # Nothing is owned that a successor would not recover.
            sys.stderr.flush()
            os._exit(0)
        await processor.report_positions()
        await app.stop()
        await ownership.close()
    logger.info("worker stopped")


def _collect_seldom() -> None:
    # Records come and go by the thousand and make no cycles, yet Python would look for some among
    # the state of all running runs: with five thousand of them, a fifth of the worker's time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)


def _limit_stop() -> None:
    # Faust's services can wait for each other for ever. What was not committed is recovered.
    limit = threading.Timer(_STOP_TIMEOUT_S, os._exit, (Crashed.exit_code,))
    limit.daemon = True
    limit.start()


def _health(
    processor: Processor, pulse: Pulse
) -> contextlib.AbstractContextManager[HealthServer | None]:
    settings = processor.settings
    if settings.processor_port == 0:
        return contextlib.nullcontext()
    return HealthServer(
        settings.processor_host,
        settings.processor_port,
        alive=pulse.alive,
        ready=lambda: processor.ownership.ready,
        registry=processor.metrics.registry,
    )


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give what makes a worker's event loop: uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:  # not on Windows
        return None
    return uvloop.new_event_loop
