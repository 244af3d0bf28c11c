"""Lines that a thread reads, handed over in batches, and a bell for everything else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final

# Read ahead no more than this; what is larger than a line is still handed over alone.
_MOST_LINES: Final = 1_000
_MOST_BYTES: Final = 4 * 1024 * 1024


class Inbox:
    """What waits for one consumer: lines of the input, their end, and a bell.

    The input is read in a thread of its own, because reading may wait for ever while the consumer
    has something else to do; whoever rings the bell wakes the consumer too.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._rung = False
        self._is_over = False
        self._is_closed = False
        self._error: Exception | None = None
        # A daemon: a terminal or a pipe that says nothing must not keep the process from ending.
        thread = threading.Thread(
            target=self._read, args=(lines,), name="durable-lines", daemon=True
        )
        thread.start()

    def wait(self) -> None:
        """Wait for a line, the end or the bell."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._rung or self._is_over)
            self._rung = False

    def ring(self) -> None:
        """Wake the consumer; from any thread."""
        if self._rung:
            return
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def peek(self) -> bytes | None:
        """Give the next line without taking it; None when there is none now."""
        return self._lines[0] if self._lines else None

    def drop(self) -> None:
        """Take the next line off."""
        with self._changed:
            self._bytes -= len(self._lines.popleft())
            if len(self._lines) <= _MOST_LINES // 2:
                self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether no line will come any more."""
        with self._changed:
            return self._is_over and not self._lines

    @property
    def error(self) -> Exception | None:
        """What ended the input, where it did not just end."""
        return self._error

    def close(self) -> None:
        """Let the reading thread end; it does when its next line comes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _read(self, lines: Iterable[bytes]) -> None:
        try:
            for line in lines:
                if not self._put(line):
                    return
        except Exception as error:
            self._error = error
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _put(self, line: bytes) -> bool:
        with self._changed:
            self._changed.wait_for(self._has_room)
            self._lines.append(line)
            self._bytes += len(line)
            if len(self._lines) == 1:
                self._changed.notify_all()
            return not self._is_closed

    def _has_room(self) -> bool:
        few = len(self._lines) < _MOST_LINES and self._bytes < _MOST_BYTES
        return few or not self._lines or self._is_closed
