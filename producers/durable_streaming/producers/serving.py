"""Agents that wait for requests: the loops behind `producer.serve`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, ParamSpec, TypeVar

from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.errors import Misuse, ProducerError
from durable_streaming.producers.request_queue import RequestQueue, StartedRun
from durable_streaming.producers.run import RunHandle
from durable_streaming.producers.sync_run import SyncRunHandle

_log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_R = TypeVar("_R")

_TAKE_S: Final = 0.5
# The other workers wait for this one whenever the group deals its requests out anew.
_ATTEND_S: Final = 1.0
_STOPPED: Final = "the agent stopped serving"


async def serve(
    engine: Engine, name: str, handler: Callable[[RunHandle, Any], Awaitable[object]], max_runs: int
) -> None:
    """Serve until cancelled; see `AgentProducer.serve`."""
    _check(max_runs)
    queue = await asyncio.to_thread(RequestQueue, engine, name)
    free = asyncio.Semaphore(max_runs)

    async def work(started: StartedRun) -> None:
        try:
            async with RunHandle(started.writer, None, engine) as run:
                await handler(run, started.input)
        except Exception as error:
            _log_failure(started, error)
        finally:
            free.release()

    try:
        async with asyncio.TaskGroup() as group:
            while True:
                await _acquire(free, queue)
                started = await _take(engine, queue)
                if started is None:
                    free.release()
                else:
                    group.create_task(work(started), name=started.writer.run_id)
    finally:
        await _to_the_end(queue.close)


def serve_in_threads(
    engine: Engine, name: str, handler: Callable[[SyncRunHandle, Any], object], max_runs: int
) -> None:
    """Serve until an exception; see `SyncAgentProducer.serve`."""
    _check(max_runs)
    queue = RequestQueue(engine, name)
    free = threading.Semaphore(max_runs)

    def work(started: StartedRun) -> None:
        try:
            with SyncRunHandle(started.writer, None, engine) as run:
                handler(run, started.input)
        except Exception as error:
            _log_failure(started, error)
        finally:
            free.release()

    try:
        with ThreadPoolExecutor(max_runs, f"durable-{name}") as pool:
            while True:
                while not free.acquire(timeout=_ATTEND_S):
                    queue.attend()
                started = queue.take(_TAKE_S)
                if started is None:
                    free.release()
                else:
                    pool.submit(work, started)
    finally:
        queue.interrupt()
        queue.close()


async def _acquire(free: asyncio.Semaphore, queue: RequestQueue) -> None:
    while True:
        try:
            async with asyncio.timeout(_ATTEND_S):
                await free.acquire()
                return
        except TimeoutError:
            await _to_the_end(queue.attend)


async def _take(engine: Engine, queue: RequestQueue) -> StartedRun | None:
    taking = asyncio.ensure_future(asyncio.to_thread(queue.take, _TAKE_S))
    try:
        return await asyncio.shield(taking)
    except asyncio.CancelledError:
        queue.interrupt()
        with suppress(ProducerError):
            if (started := await taking) is not None:
                # Its request is passed, so no one else will go on with the run.
                await RunHandle(started.writer, None, engine).cancel(_STOPPED)
        raise


async def _to_the_end(call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call in a thread, which nothing can stop: a cancellation waits until it is done."""
    calling = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(calling)
    except asyncio.CancelledError:
        await asyncio.wait([calling])
        raise


def _check(max_runs: int) -> None:
    if max_runs < 1:
        raise Misuse("max_runs must be at least 1: a worker without runs serves no one")


def _log_failure(started: StartedRun, error: Exception) -> None:
    # The type only: what the message says is in the run, where its readers may see it.
    _log.error("run %s ended by %s", started.writer.run_id, type(error).__name__)
