"""A real Apache Kafka on this machine in one call."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from . import process
from .config import HOST, LOGGING, Ports, server_properties
from .data_dir import DataDir
from .diagnosis import explain
from .errors import LocalKafkaError, PortInUse
from .fetch import ensure_jars
from .java import find_java
from .jvm import broker_command, format_command
from .ports import choose_ports
from .progress import Progress, SilentProgress
from .server_log import ServerLog

DEFAULT_HEAP_MB = 256
STOP_TIMEOUT_S = 30.0

_PORT_ATTEMPTS = 3
"""Between choosing a free port and binding it, another process may take it."""


class LocalKafka:
    """One Kafka broker, which is its own controller, over one data directory.

    It listens on loopback only and asks for no password. Records it acknowledged survive kill -9 of
    any process, not a power cut. The object can start again after a stop or a crash.

    Example:
        >>> with LocalKafka(Path("data")) as kafka:
        ...     use(kafka.bootstrap)
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        cache_dir: Path | None = None,
        heap_mb: int = DEFAULT_HEAP_MB,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a broker; nothing is touched before `start`.

        Args:
            data_dir: Where it keeps its log; created when missing.
            port: Port to listen on; else the one of the last start over the same data where that
                is free, else any free one.
            cache_dir: Where the jars are kept; see `ensure_jars`.
            heap_mb: Largest Java heap in MiB. The process takes about 100 MB more.
            overrides: Broker properties that replace or add to the package's own.

        Raises:
            ValueError: The port is not in 1..65535.
        """
        if port is not None and not 0 < port < 65536:
            raise ValueError(f"port must be in 1..65535, not {port}")
        self._data = DataDir(data_dir)
        self._wanted_port = port
        self._cache_dir = cache_dir
        self._heap_mb = heap_mb
        self._overrides = overrides
        self._log = ServerLog(self._data.server_log)
        self._ports: Ports | None = None
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, progress: Progress | None = None, timeout_s: float = 60.0) -> None:
        """Start the broker and return when it serves. Fetch and set up what is missing.

        Args:
            progress: Where to show the steps; nowhere by default.
            timeout_s: How long the broker may take to serve, downloads not counted.

        Raises:
            LocalKafkaError: It does not serve; no process is left behind.
        """
        progress = progress or SilentProgress()
        with self._data.owned() as owner:
            # What can be refused at once comes before the download.
            self._data.require_space()
            ports = self._configure()
            java = find_java()
            jars = ensure_jars(self._cache_dir, progress=progress)
            if not self._data.formatted:
                progress.note(f"Setting up the log in {self._data.path}")
                process.format_storage(format_command(java, jars), self._data, ports)
            progress.note(f"Starting Apache Kafka on Java {java.version} ({java.origin})")
            command = broker_command(java, jars, self._heap_mb)
            self._launch_on_free_ports(command, owner, timeout_s)

    def _configure(self) -> Ports:
        ports = choose_ports(self._data.read_ports(), self._wanted_port)
        self._data.write_config(ports, server_properties(ports, self._overrides), LOGGING)
        return ports

    def _launch_on_free_ports(self, command: Sequence[str], owner: int, timeout_s: float) -> None:
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            try:
                self._launch(command, owner, timeout_s)
                return
            except PortInUse as error:
                if error.port == self._wanted_port or attempt == _PORT_ATTEMPTS:
                    raise

    def _launch(self, command: Sequence[str], owner: int, timeout_s: float) -> None:
        self._ports = ports = self._configure()
        self._stopped = False
        self._process = launched = process.launch(command, self._data, self._log, owner)
        try:
            self._data.write_pid(launched.pid)
            process.wait_ready(launched, self._data, self._log, ports, timeout_s)
        except BaseException:
            # Ctrl-C as well: a half-started broker is nobody's.
            launched.kill()
            launched.wait()
            raise

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End the broker cleanly, by force after `timeout_s`; do nothing when it has ended."""
        if self._process is not None and self.poll() is None:
            self._stopped = True
            process.end(self._process.pid, lambda: self.poll() is not None, timeout_s)

    def poll(self) -> int | None:
        """The broker's exit code; None while it runs."""
        return self._launched.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the broker to end.

        Returns:
            Its exit code: 143 after a clean stop, negative a signal.

        Raises:
            subprocess.TimeoutExpired: It still runs.
        """
        return self._launched.wait(timeout_s)

    def failure(self) -> LocalKafkaError | None:
        """Explain why the broker ended by itself, for a supervisor to show.

        Returns:
            None while it runs and after `stop`.
        """
        code = self.poll()
        if code is None or self._stopped or self._ports is None:
            return None
        return explain(process.describe_exit(code), self._data, self._log, self._ports)

    @property
    def data_dir(self) -> Path:
        """The data directory."""
        return self._data.path

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._launched.pid

    @property
    def bootstrap(self) -> str:
        """Where clients connect, ``host:port``."""
        if self._ports is None:
            raise RuntimeError("the broker was not started: call start() first")
        return f"{HOST}:{self._ports.broker}"

    @property
    def _launched(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the broker was not started: call start() first")
        return self._process

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the broker."""
        self.stop()
