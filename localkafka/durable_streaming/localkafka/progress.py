"""How slow steps are shown to whoever waits for them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

Advance = Callable[[int], None]
"""Called with the number of bytes that arrived since the last call, from any thread."""

PLAIN_INTERVAL_S = 2.0
"""A log file wants a sign of life, not a line per percent."""


class Progress(Protocol):
    """Where the steps of a start are reported; implement it to show them elsewhere."""

    def note(self, text: str) -> None:
        """Tell of a step or of something unusual, in one line."""

    def download(self, title: str, size: int) -> AbstractContextManager[Advance]:
        """Show a download of `size` bytes while the context is open."""


class SilentProgress:
    """Shows nothing; what a library does unless told otherwise."""

    def note(self, text: str) -> None:
        """Do nothing."""

    @contextmanager
    def download(self, title: str, size: int) -> Iterator[Advance]:
        """Do nothing."""
        yield lambda count: None


class ConsoleProgress:
    """Lines on a stream, and a bar for downloads where the stream is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Make a console on `stream`, standard error by default."""
        self._stream = sys.stderr if stream is None else stream

    def note(self, text: str) -> None:
        """Write one line."""
        self._stream.write(text + "\n")
        self._stream.flush()

    def download(self, title: str, size: int) -> AbstractContextManager[Advance]:
        """Show a bar, or on a plain stream a line every few seconds."""
        return self._bar(title, size) if self._stream.isatty() else self._lines(title, size)

    @contextmanager
    def _bar(self, title: str, size: int) -> Iterator[Advance]:
        # Imported here: a start that downloads nothing should not pay for it.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Bar(*columns, console=Console(file=self._stream)) as bar:
            task = bar.add_task(title, total=size)
            yield lambda count: bar.advance(task, count)

    @contextmanager
    def _lines(self, title: str, size: int) -> Iterator[Advance]:
        received = 0
        reported_at = time.monotonic()
        self.note(f"{title}: {_megabytes(size)}")

        def advance(count: int) -> None:
            nonlocal received, reported_at
            received += count
            if time.monotonic() - reported_at >= PLAIN_INTERVAL_S:
                reported_at = time.monotonic()
                self.note(f"{title}: {_megabytes(received)} of {_megabytes(size)}")

        yield advance
        self.note(f"{title}: done")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
