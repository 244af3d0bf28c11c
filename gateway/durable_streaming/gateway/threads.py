"""Blocking calls that a stop must not wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_daemon_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that may wait for a broker that is gone, in a thread that dies with the process.

    `asyncio.to_thread` would do, but for its pool: the loop waits for it when it closes.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[], None]) -> None:
        if not result.done():
            set_it()

    def run() -> None:
        try:
            value = call(*args, **kwargs)
        except BaseException as error:
            outcome = _bind(result.set_exception, error)
        else:
            outcome = _bind(result.set_result, value)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=run, daemon=True).start()
    return await result


def _bind(set_it: Callable[[T], None], value: T) -> Callable[[], None]:
    return lambda: set_it(value)
