"""What the broker prints, kept in a file and read back to see how it fares."""

import os
from pathlib import Path
from typing import BinaryIO

_ROTATE_BYTES = 8 * 1024 * 1024
"""A broker that is restarted for ever must not fill the disk with its own complaints."""

_READ_BYTES = 256 * 1024
"""More than any start prints; bounds what is read of a broker that complains in a loop."""

_TAIL_LINES = 25
"""Fits a screen together with the error around it."""


class ServerLog:
    """The broker's standard output and error, start after start, in one file."""

    def __init__(self, path: Path) -> None:
        """Name the file, which need not exist yet."""
        self.path = path
        self._start = 0

    def open(self) -> BinaryIO:
        """Open the file for the output of one more process; `text` begins there.

        Raises:
            OSError: The file can't be written.
        """
        if self.path.exists() and self.path.stat().st_size > _ROTATE_BYTES:
            self.path.replace(self.path.with_suffix(".log.1"))
        file = self.path.open("ab")
        self._start = file.tell()
        return file

    def text(self) -> str:
        """What was printed since `open`, at most the last 256 KiB of it."""
        with self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._start, end - _READ_BYTES))
            return file.read().decode("utf-8", "replace")

    def tail(self) -> str:
        """The last lines since `open`, for an error to quote."""
        lines = self.text().splitlines()[-_TAIL_LINES:]
        return "\n".join(f"  | {line}" for line in lines) or "  | (nothing was printed)"
