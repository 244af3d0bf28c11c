"""How the pump's thread wakes whoever waits for an answer or for room."""

import asyncio
import threading
from typing import Protocol


class Waiter(Protocol):
    """Someone who waits; woken at most once, from the pump's thread."""

    def wake(self) -> None:
        """Let the one who waits go on."""


class ThreadWaiter:
    """A thread that waits."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def wake(self) -> None:
        """Let the thread go on."""
        self._event.set()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait; false when the time is over."""
        return self._event.wait(timeout_s)


class LoopWaiter:
    """A task of the running event loop that waits."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Let the task go on."""
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:
            # The loop was closed meanwhile, and the task with it: no one is left to wake.
            return

    async def wait(self, timeout_s: float | None) -> bool:
        """Wait; false when the time is over."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return False
        return True
