"""Real worker processes for tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from durable_streaming.eventlog import KafkaSettings

_CODE = (
    "import sys; from durable_streaming.processors.settings import ProcessorSettings; "
    "from durable_streaming.processors import worker; "
    "sys.exit(getattr(worker, sys.argv[1])(ProcessorSettings()))"
)


class WorkerProcess:
    """One worker under its own name, which keeps its place over restarts.

    Args:
        settings: which broker and topics.
        directory: its data directory, and where its log is written.
        name: of the worker.
        entry: function of the worker module to run: `run` or `rebuild`.
        environment: further settings.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        directory: Path,
        name: str,
        entry: str = "run",
        **environment: str,
    ) -> None:
        self._entry = entry
        self._environment = {
            **os.environ,
            "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
            "DURABLE_DATA_DIR": str(directory),
            "DURABLE_PROCESSOR_ID": name,
            "DURABLE_SESSION_TIMEOUT": "6",
            **environment,
        }
        directory.mkdir(parents=True, exist_ok=True)
        self.log = directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, also again."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CODE, self._entry],
                env=self._environment,
                stderr=log,
                stdout=log,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it as a power cut would, and wait for its end."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self, timeout_s: float = 15) -> int:
        """Stop it gracefully; gives its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout_s)

    def wait(self, timeout_s: float) -> int:
        """Wait for its end; gives its exit code."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def said(self, message: str) -> int:
        """Count the lines of its log, over all its lives, with this message."""
        log = self.log.read_bytes() if self.log.exists() else b""
        return log.count(f'"message": "{message}"'.encode())

    def start_and_wait(self, timeout_s: float = 60) -> None:
        """Start it and wait until it owns partitions and folds."""
        before = self.said("worker started")
        self.start()
        wait_until(lambda: self.said("worker started") > before, timeout_s, "the worker's start")

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Wait for something to become true.

    Raises:
        TimeoutError: it did not.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {timeout_s:.0f} s")
        time.sleep(0.2)
