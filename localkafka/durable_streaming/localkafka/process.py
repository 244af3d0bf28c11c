"""Run the broker's processes: format the storage, launch the broker, wait, end it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence

from .config import HOST, READY_MARK, Ports
from .data_dir import DataDir
from .diagnosis import explain
from .jvm import environment
from .server_log import ServerLog

FORMAT_TIMEOUT_S = 120.0
_POLL_S = 0.05


def format_storage(command: Sequence[str], data: DataDir, ports: Ports) -> None:
    """Set up the storage of a new data directory and waits for it.

    Raises:
        LocalKafkaError: As `explain` finds.
    """
    log = ServerLog(data.server_log)
    with log.open() as output:
        try:
            result = subprocess.run(
                command,
                cwd=data.path,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=FORMAT_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            outcome = f"could not be set up in {FORMAT_TIMEOUT_S:.0f} s"
            raise explain(outcome, data, log, ports) from None
    if result.returncode != 0:
        outcome = f"could not be set up (exit code {result.returncode})"
        raise explain(outcome, data, log, ports)


def launch(
    command: Sequence[str], data: DataDir, log: ServerLog, owner: int
) -> subprocess.Popen[bytes]:
    """Start the broker and hands it the ownership of the data directory.

    It leads a session of its own: Ctrl-C in a terminal reaches the caller only, which ends what
    still writes before it ends the broker. For the same reason the broker outlives a caller that
    is killed; the next start over the same data finds it (`AlreadyRunning`).
    """
    with log.open() as output:
        return subprocess.Popen(
            command,
            cwd=data.path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(owner,),
            start_new_session=True,
        )


def wait_ready(
    process: subprocess.Popen[bytes], data: DataDir, log: ServerLog, ports: Ports, timeout_s: float
) -> None:
    """Wait until the broker says that it serves and takes a connection.

    Raises:
        LocalKafkaError: It ended first or took too long, explained as `explain` finds.
    """
    deadline = time.monotonic() + timeout_s
    while not (READY_MARK in log.text() and _accepts(ports.broker)):
        if (code := process.poll()) is not None:
            raise explain(f"{describe_exit(code)} while starting", data, log, ports)
        if time.monotonic() > deadline:
            raise explain(f"did not serve within {timeout_s:.0f} s", data, log, ports)
        time.sleep(_POLL_S)


def end(pid: int, ended: Callable[[], bool], timeout_s: float) -> None:
    """End a broker: ask, wait, and kill it when it does not listen.

    Args:
        pid: Its process id.
        ended: Tells whether it is gone.
        timeout_s: How long a clean stop may take.
    """
    for signum, patience_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 5.0)):
        if ended():
            return
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience_s
        while not ended() and time.monotonic() < deadline:
            time.sleep(_POLL_S)


def describe_exit(code: int) -> str:
    """Say in a clause how a process ended."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
