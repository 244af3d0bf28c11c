"""Running the `durable` command as a person does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durable_streaming.cli.stack import RunFile
from durable_streaming.cli.supervisor.ports import free_port


@dataclass(slots=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The NDJSON on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


def durable(
    *arguments: str | Path,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    timeout_s: float = 120,
) -> Result:
    """Run one command; nothing of the surrounding environment's stack leaks in."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DURABLE_") or name == "DURABLE_CACHE_DIR"
    }
    done = subprocess.run(
        [sys.executable, "-m", "durable_streaming.cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**clean, **(env or {})},
        timeout=timeout_s,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass(slots=True)
class RunningStack:
    """A stack that `durable up --detach` started."""

    data_dir: Path
    port: int = field(default_factory=free_port)

    def up(self, *arguments: str) -> str:
        """Start it; gives the ready line."""
        done = durable(
            "up", "--detach", "--data-dir", self.data_dir, "--port", str(self.port), *arguments
        )
        assert done.code == 0, done.err
        return done.out.strip()

    def run(self, *arguments: str | Path, stdin: bytes = b"") -> Result:
        """Run a command against it."""
        return durable(*arguments, "--data-dir", self.data_dir, stdin=stdin)

    def down(self) -> None:
        """Stop it."""
        durable("down", "--data-dir", self.data_dir)

    @property
    def run_file(self) -> RunFile:
        """What runs now."""
        found = RunFile.read(self.data_dir)
        assert found is not None
        return found

    def pids(self, role: str) -> list[int]:
        """The processes of a role."""
        return [p.pid for p in self.run_file.processes if p.role == role]

    def kill(self, role: str) -> None:
        """kill -9 the processes of a role, and wait until others have taken their place."""
        before = self.pids(role)
        assert before, role
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.pids(role) and not set(self.pids(role)) & set(before), 60)

    def is_serving(self) -> bool:
        """Say whether all is up."""
        return self.run("status").code == 0


def eventually(condition: Callable[[], Any], seconds: float = 30, step: float = 0.1) -> Any:
    """Wait until something holds; gives what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"did not hold within {seconds} s"
        time.sleep(step)
    return found


def lines(events: Sequence[dict[str, Any]]) -> bytes:
    """Write events as `durable publish` takes them."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
