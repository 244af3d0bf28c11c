"""Viewers of the run list: which entries changed, at most twice a second each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from durable_streaming.gateway.hub.connection import Connection

_INTERVAL_S = 0.5
_LOOK_AGAIN_S = 0.1
# A flush gives the loop back after so many runs.
_RUNS_A_TURN = 100
_TOO_SLOW = 4408
_MAX_MISSED = 10_000


class Entry(NamedTuple):
    """A run list entry as it is now.

    Attributes:
        tags: of the run; no part of the entry, but of who may see it.
        frame: the same for all who get it.
    """

    run_id: str
    status: str
    agent: str | None
    verdict: str | None
    tags: dict[str, str]
    frame: bytes


Wants = Callable[[Entry], bool]
"""Whether a watcher asked for an entry, and may see it."""


class Watchers:
    """Tells watchers what changed. Nothing is kept for them but run ids: entries are read late.

    Lives on the loop.
    """

    def __init__(self, read: Callable[[str], Entry | None]) -> None:
        """Begin without watchers.

        Args:
            read: gives a run's entry as it is now.
        """
        self._read = read
        self._loop = asyncio.get_running_loop()
        self._wants: dict[Connection, Wants] = {}
        self._missed: dict[Connection, dict[str, None]] = {}
        self._changed: dict[str, None] = {}
        self._told_at: dict[str, float] = {}
        self._timer: asyncio.Handle | None = None

    def __len__(self) -> int:
        """Count the watchers."""
        return len(self._wants)

    def add(self, connection: Connection, wants: Wants) -> None:
        """Begin to tell a watcher, or tell it something else from now on."""
        self._wants[connection] = wants

    def remove(self, connection: Connection) -> None:
        """Tell it no more."""
        self._wants.pop(connection, None)
        self._missed.pop(connection, None)

    def note(self, run_ids: Iterable[str]) -> None:
        """Take note that runs changed."""
        if not self._wants:
            return
        self._changed.update(dict.fromkeys(run_ids))
        if self._timer is None and self._changed:
            self._timer = self._loop.call_soon(self._tell)

    def resume(self, connection: Connection) -> None:
        """Tell a watcher whose socket has drained what it missed, as it is now."""
        missed = self._missed.pop(connection, None)
        for run_id in missed or ():
            entry = self._read(run_id)
            if entry is not None:
                self._offer(connection, self._wants[connection], entry)

    def _tell(self) -> None:
        self._timer = None
        now = self._loop.time()
        due = [
            run_id
            for run_id in self._changed
            if now - self._told_at.get(run_id, -_INTERVAL_S) >= _INTERVAL_S
        ]
        for run_id in due[:_RUNS_A_TURN]:
            del self._changed[run_id]
            self._told_at[run_id] = now
            entry = self._read(run_id)
            if entry is not None:
                for connection, wants in list(self._wants.items()):
                    self._offer(connection, wants, entry)
        if self._changed:
            more = len(due) > _RUNS_A_TURN
            self._timer = self._loop.call_later(0 if more else _LOOK_AGAIN_S, self._tell)
        elif len(self._told_at) > _RUNS_A_TURN:
            self._told_at = {
                run_id: at for run_id, at in self._told_at.items() if now - at < _INTERVAL_S
            }

    def _offer(self, connection: Connection, wants: Wants, entry: Entry) -> None:
        if not wants(entry):
            return
        if not connection.socket.congested:
            connection.write(entry.frame)
            return
        missed = self._missed.setdefault(connection, {})
        missed[entry.run_id] = None
        if len(missed) > _MAX_MISSED:
            connection.close(_TOO_SLOW, "too slow: read the run list, then watch again")
