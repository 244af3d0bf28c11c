"""Brokers that this process did not start: find the one over a data directory, and stop it."""

from dataclasses import dataclass
from pathlib import Path

from . import process
from .config import HOST
from .data_dir import DataDir


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that owns a data directory.

    Attributes:
        data_dir: That directory.
        pid: Process id.
        bootstrap: Where clients connect, ``host:port``. It may still be starting.
    """

    data_dir: Path
    pid: int
    bootstrap: str

    def stop(self, timeout_s: float = 30.0) -> None:
        """End it cleanly, by force after `timeout_s`; do nothing when it has ended."""
        process.end(self.pid, lambda: find_running(self.data_dir) != self, timeout_s)


def find_running(data_dir: Path) -> RunningBroker | None:
    """Find the broker over a data directory, for example one whose supervisor was killed.

    Returns:
        None when none runs. A pid file that a crash left behind is not taken for one.
    """
    data = DataDir(data_dir)
    if not data.is_owned():
        return None
    pid, ports = data.read_pid(), data.read_ports()
    if pid is None or ports is None:
        return None
    return RunningBroker(data.path, pid, f"{HOST}:{ports.broker}")
