"""The data directory: what lies where, and who owns it."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import exclusive
from .config import HOST, LOG_DIR, LOGGING_PROPERTIES, SERVER_PROPERTIES, Ports
from .errors import AlreadyRunning, DataDirectoryFull, DataDirectoryUnusable

_MIB = 1024 * 1024

MINIMUM_FREE_BYTES = 32 * _MIB
"""Below this no start is tried. The broker itself would start with 100 KiB, because its files are
sparse, and halt as soon as the first topics are written."""


class DataDir:
    """Paths and ownership of one broker's data directory."""

    def __init__(self, path: Path) -> None:
        """Name a directory, which need not exist yet."""
        self.path = path.expanduser().absolute()
        self.server_log = self.path / "server.log"
        self._lock = self.path / "kafka.lock"
        self._pid = self.path / "kafka.pid"
        self._ports = self.path / "ports.json"

    @property
    def formatted(self) -> bool:
        """Whether the broker's storage was set up; the tool writes this file last."""
        return (self.path / LOG_DIR / "meta.properties").exists()

    @contextmanager
    def owned(self) -> Iterator[int]:
        """Own the directory while the context is open.

        Yields:
            A descriptor to hand down to the broker, which then owns the directory until it dies.

        Raises:
            AlreadyRunning: A live process owns it.
            DataDirectoryUnusable: It can't be created or written.
        """
        with self._faults_translated():
            # Runs may hold confidential text: for the owner's eyes.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = exclusive.acquire(self._lock, wait=False)
        if descriptor is None:
            raise self._already_running()
        try:
            with self._faults_translated():
                self._pid.unlink(missing_ok=True)
            yield descriptor
        finally:
            os.close(descriptor)

    def is_owned(self) -> bool:
        """Whether a live process owns the directory."""
        try:
            descriptor = exclusive.acquire(self._lock, wait=False)
        except OSError:
            return False
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def read_pid(self) -> int | None:
        """The pid on record; means something only while the directory is owned."""
        try:
            return int(self._pid.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def write_pid(self, pid: int) -> None:
        """Record the broker's pid."""
        with self._faults_translated():
            self._pid.write_text(f"{pid}\n", "ascii")

    def read_ports(self) -> Ports | None:
        """The ports of the last start; None when there was none or its record is not readable."""
        try:
            record = json.loads(self._ports.read_text("ascii"))
            return Ports(int(record["broker"]), int(record["controller"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_config(self, ports: Ports, server_properties: str, logging_properties: str) -> None:
        """Write what a start is configured with, and remembers its ports.

        Raises:
            DataDirectoryFull: There is no room.
            DataDirectoryUnusable: It can't be written.
        """
        with self._faults_translated():
            (self.path / SERVER_PROPERTIES).write_text(server_properties, "ascii")
            (self.path / LOGGING_PROPERTIES).write_text(logging_properties, "ascii")
            self._ports.write_text(json.dumps(ports._asdict()) + "\n", "ascii")

    def free_bytes(self) -> int:
        """Room that an ordinary user has on the disk under the directory."""
        return shutil.disk_usage(self.path).free

    def require_space(self) -> None:
        """Refuse a start that has no room.

        Raises:
            DataDirectoryFull: Fewer than `MINIMUM_FREE_BYTES` are free.
        """
        if self.free_bytes() < MINIMUM_FREE_BYTES:
            raise self.full()

    def full(self) -> DataDirectoryFull:
        """The error that says that the disk is full."""
        return DataDirectoryFull(
            f"The data directory {self.path} is full: {self.free_bytes() / _MIB:.1f} MiB are free "
            f"and the broker needs {MINIMUM_FREE_BYTES / _MIB:.0f} MiB to start.",
            remedy="free space on that disk and start again, nothing acknowledged is lost; "
            "or start over another data directory.",
        )

    def _already_running(self) -> AlreadyRunning:
        pid, ports = self.read_pid(), self.read_ports()
        if pid is None or ports is None:
            return AlreadyRunning(
                f"Another process is starting a broker over {self.path}.",
                remedy="wait until it serves and use that one.",
                pid=None,
                bootstrap=None,
            )
        bootstrap = f"{HOST}:{ports.broker}"
        return AlreadyRunning(
            f"A broker already runs over {self.path}: process {pid}, {bootstrap}.",
            remedy=f"use it, or stop it (kill {pid}) and start again, or start over another "
            "data directory.",
            pid=pid,
            bootstrap=bootstrap,
        )

    @contextmanager
    def _faults_translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self.path.is_dir() and self.free_bytes() == 0:
                raise self.full() from error
            raise DataDirectoryUnusable(
                f"The data directory {self.path} can't be used: {error.strerror or error}.",
                remedy="name a directory that this user can write.",
            ) from error
