"""One child of the supervisor: a role in a process of its own, started again when it dies."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_FIRST_BACKOFF_S = 0.1
_MAX_BACKOFF_S = 5.0
# A child that lived so long did not die of what it met at its start.
_STEADY_S = 20.0


class Child:
    """A `durable` command that runs until it is stopped.

    Attributes:
        name: unique among the children; its log is `<name>.log`.
    """

    def __init__(
        self, role: str, name: str, command: str, environment: Mapping[str, str], logs: Path
    ) -> None:
        self.role = role
        self.name = name
        self._command = command
        self._environment = dict(environment)
        self.log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._backoff_s = _FIRST_BACKOFF_S
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """The pid; None before the first start."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        self._started_at = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "durable_streaming.cli", self._command],
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal is for the supervisor, which stops all in order.
                start_new_session=True,
            )

    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def restart_if_due(self) -> bool:
        """Start it again, later and later when it keeps dying; gives whether it was started."""
        now = time.monotonic()
        if not self._not_before:
            if now - self._started_at > _STEADY_S:
                self._backoff_s = _FIRST_BACKOFF_S
            self._not_before = now + self._backoff_s
            self._backoff_s = min(self._backoff_s * 2, _MAX_BACKOFF_S)
        if now < self._not_before:
            return False
        self._not_before = 0.0
        self.start()
        return True

    def last_words(self) -> str:
        """The last lines of its log."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-8:])
