"""Processes by pid: whether they are still the ones that were started, and how they are ended."""

import os
import signal
import time
from collections.abc import Iterable, Sequence

import psutil

from durable_streaming.cli.stack import Process

# Those that write first: what depends on another ends before it.
_ORDER = ("gateway", "processor", "kafka")
_PATIENCE_S = {"gateway": 12.0, "processor": 20.0, "kafka": 35.0, "supervisor": 80.0}


def identify(role: str, pid: int) -> Process:
    """Name a process so that a later one with the same pid is not taken for it."""
    try:
        return Process(role, pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return Process(role, pid)


def is_alive(process: Process) -> bool:
    """Say whether the very process that was identified still runs."""
    try:
        found = psutil.Process(process.pid)
        same = not process.started or abs(found.create_time() - process.started) < 1.0
        return bool(same and found.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def end(process: Process) -> None:
    """End a process: asked first, killed when it does not listen."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not is_alive(process):
            return
        os.kill(process.pid, sign)
        deadline = time.monotonic() + _PATIENCE_S.get(process.role, 10.0)
        while is_alive(process) and time.monotonic() < deadline:
            time.sleep(0.05)


def end_all(processes: Iterable[Process]) -> None:
    """End processes in the order in which they depend on each other."""
    found = list(processes)
    for role in _ORDER:
        for process in found:
            if process.role == role:
                end(process)


def end_supervisor(processes: Sequence[Process]) -> bool:
    """Ask the supervisor to stop all; gives False where it does not run any more."""
    alive = [p for p in processes if p.role == "supervisor" and is_alive(p)]
    for process in alive:
        end(process)
    return bool(alive)
