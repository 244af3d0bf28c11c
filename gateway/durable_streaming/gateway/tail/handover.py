"""The bridge from a tail's thread to the event loop: bounded, one call a batch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Batch = TypeVar("Batch")

_MAX_UNAPPLIED_BYTES = 8 * 1024 * 1024


class Handover(Generic[Batch]):
    """Passes batches from one thread to a function that runs on the loop, in order.

    When the loop falls behind by more than `max_bytes` the thread waits: the log keeps what is
    not read yet, memory would not.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        apply: Callable[[Batch], None],
        max_bytes: int = _MAX_UNAPPLIED_BYTES,
    ) -> None:
        self._loop = loop
        self._apply = apply
        self._max_bytes = max_bytes
        self._unapplied = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def unapplied_bytes(self) -> int:
        """Bytes handed over that the loop has not applied yet."""
        return self._unapplied

    def put(self, batch: Batch, size: int) -> None:
        """Hand a batch over, from the thread; waits while too much is unapplied.

        A batch larger than the bound passes alone rather than never.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed or not self._unapplied or self._unapplied + size <= self._max_bytes
                )
            )
            if self._closed:
                return
            self._unapplied += size
            self._loop.call_soon_threadsafe(self._run, batch, size)

    def close(self) -> None:
        """Let a waiting thread go and apply nothing more; called on the loop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self, batch: Batch, size: int) -> None:
        try:
            if not self._closed:
                self._apply(batch)
        finally:
            with self._changed:
                self._unapplied -= size
                self._changed.notify_all()
