"""The load client: compiled where it is missing or older than its source, and driven from here."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from .contenders import Contender

_SOURCE: Final = Path(__file__).with_name("client.c")
_BINARY: Final = Path(__file__).parents[2] / ".venv" / "fanout" / "client"


class NoCompilerError(Exception):
    """The load client can't be built here."""


class Mark(NamedTuple):
    """What the client has counted so far, and latencies since the mark before.

    Attributes:
        at: seconds of the machine's monotonic clock.
        cpu_s: the client's own, so far.
        least, most: events of the viewer that has fewest, and most.
        gaps, repeats: numbers of a run that a viewer missed, or got once more.
        disorder: frames whose offset did not rise.
        closed: sockets that the server closed, the last one with `last_code`.
    """

    at: float
    cpu_s: float
    events: int
    frames: int
    reads: int
    bytes: int
    least: int
    most: int
    gaps: int
    repeats: int
    disorder: int
    closed: int
    last_code: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float


class Opened(NamedTuple):
    """How long it took until all handshakes were done, and all subscriptions confirmed."""

    connected_s: float
    ready_s: float
    began_at: float


def build() -> Path:
    """Compile the client unless that was done.

    Raises:
        NoCompilerError: there is no C compiler, or it does not take the source.
    """
    if _BINARY.exists() and _BINARY.stat().st_mtime > _SOURCE.stat().st_mtime:
        return _BINARY
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if shutil.which(compiler[0]) is None:
        raise NoCompilerError(
            f"the load client is written in C and there is no compiler {compiler[0]!r}: install "
            "one (Debian: apt-get install gcc libc6-dev), or name another in CC"
        )
    _BINARY.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(_BINARY), str(_SOURCE)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoCompilerError(
            f"the load client needs Linux, glibc and a C11 compiler: {done.stderr[-2_000:]}"
        )
    return _BINARY


class Client:
    """A crowd of viewers in one process."""

    def __init__(
        self,
        contender: Contender,
        port: int,
        *,
        prefix: str,
        runs: int,
        viewers: int,
        first_run: int = 0,
    ) -> None:
        """Start it; nothing is connected yet.

        Args:
            contender: says how its viewers subscribe.
            port: where it listens.
            prefix: of the runs' ids.
            runs: how many runs are watched.
            viewers: how many there are, spread evenly over the runs.
            first_run: number of the first of these runs.
        """
        options = {
            "-p": port,
            "-u": contender.path,
            "-s": contender.subprotocol,
            "-h": contender.hello,
            "-r": contender.ready_on,
            "-n": prefix,
            "-F": first_run,
            "-R": runs,
            "-N": viewers,
        }
        self._process = subprocess.Popen(
            [str(build()), *(str(part) for option in options.items() for part in option)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def open(self) -> Opened:
        """Connect all viewers and wait until they are subscribed."""
        return Opened(**self._ask("open"))

    def mark(self) -> Mark:
        """Take the counters as they are."""
        return Mark(**self._ask("mark"))

    def wait(self, events: int, seconds: float) -> Mark:
        """Wait until each viewer has so many events, or the time is over."""
        return Mark(**self._ask(f"wait {events} {seconds}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Its input is closed by then, which ends it.
        self._process.communicate(timeout=30)

    def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load client ended at {command!r}; its reason stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer
