"""Sending viewers away before a stop: not all in one moment, for they all come again somewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil

from durable_streaming.gateway.hub import Connection, Hub

_STEP_S = 0.05
# A handful is not worth waiting for: at least so many are closed in a step.
_MIN_A_STEP = 5


async def send_away(
    hub: Hub, code: int, reason: str, *, window_s: float, is_forced: Callable[[], bool]
) -> None:
    """Bring each viewer what is ready, then close its socket.

    Args:
        hub: knows the sockets.
        code: the close code.
        reason: for people.
        window_s: over how long they are spread.
        is_forced: says that nothing may wait any more.
    """
    waiting = _open(hub)
    a_step = max(_MIN_A_STEP, ceil(len(waiting) * _STEP_S / window_s) if window_s else len(waiting))
    while waiting and not is_forced():
        for connection in waiting[:a_step]:
            # Each frame carries the position after it: whoever has it misses nothing elsewhere.
            hub.resume(connection)
            hub.close(connection, code, reason)
        waiting = _open(hub)
        if waiting:
            await asyncio.sleep(_STEP_S)


def _open(hub: Hub) -> list[Connection]:
    return [connection for connection in hub.ladder.connections if not connection.closing]
