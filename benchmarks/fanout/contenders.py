"""Who delivers, how each is started, and how its viewers subscribe."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from durable_streaming.eventlog import KafkaSettings

from . import centrifugo

ROOT: Final = Path(__file__).parents[2]

_START_S: Final = 60.0
_STOP_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Site:
    """Where a contender is to work."""

    settings: KafkaSettings
    port: int
    directory: Path


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to bring events to viewers.

    Attributes:
        command: what is run.
        path: of a run's WebSocket; `%s` is the run id.
        subprotocol: asked for in the handshake.
        hello: the first frame a viewer sends, if any; `%s` is the run id.
        ready_on: what stands in the frame that confirms the subscription; empty: the handshake
            does.
        health: answers with 200 once it serves.
        keeps: whether it has the events of before.
    """

    name: str
    command: Callable[[Site], Sequence[str]]
    path: str
    subprotocol: str = ""
    hello: str = ""
    ready_on: str = ""
    health: str = "/readyz"
    keeps: bool = False

    @contextlib.contextmanager
    def serve(self, site: Site) -> Iterator[int]:
        """Run it, in a process of its own, for as long as the context is open; gives the pid.

        Raises:
            RuntimeError: it does not come up.
        """
        log_path = site.directory / f"{self.name.replace(' ', '-')}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                self.command(site),
                cwd=ROOT,
                env=os.environ
                | {
                    "DURABLE_KAFKA_BOOTSTRAP": site.settings.kafka_bootstrap,
                    "DURABLE_TOPIC_PREFIX": site.settings.topic_prefix,
                    "DURABLE_DATA_DIR": str(site.directory),
                    "DURABLE_PORT": str(site.port),
                },
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + _START_S
            while not self._is_healthy(site.port):
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = log_path.read_text(errors="replace")[-2_000:]
                    raise RuntimeError(f"{self.name} does not come up: {tail}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _is_healthy(self, port: int) -> bool:
        url = f"http://127.0.0.1:{port}{self.health}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _module(name: str) -> Callable[[Site], Sequence[str]]:
    def command(site: Site) -> Sequence[str]:
        topic = site.settings.topics.events
        return sys.executable, "-m", name, str(site.port), site.settings.kafka_bootstrap, topic

    return command


OURS: Final = Contender(
    "durable-streaming",
    lambda _: (sys.executable, "-m", "durable_streaming.cli", "gateway"),
    "/v1/runs/%s/ws?from=now",
    subprotocol="durable.v1",
    ready_on='"caught_up"',
    keeps=True,
)

REPLAYING: Final = Contender(
    "durable-streaming",
    OURS.command,
    "/v1/runs/%s/ws?from=start",
    subprotocol="durable.v1",
    ready_on='"subscribed"',
    keeps=True,
)
"""The same, for viewers that begin at the start of their run."""

PLAIN: Final = Contender("plain FastAPI", _module("benchmarks.fanout.plain_fastapi"), "/runs/%s")
BARE: Final = Contender("bare loop", _module("benchmarks.fanout.bare"), "/runs/%s")

CONTENDERS: Final = (PLAIN, BARE, OURS)


def available(report: Callable[[str], None]) -> list[Contender]:
    """Give the contenders that are there; say which are not."""
    binary = os.environ.get("BENCH_CENTRIFUGO")
    if not binary:
        report("Centrifugo left out: BENCH_CENTRIFUGO names no binary")
        return list(CONTENDERS)
    return [
        Contender(
            "Centrifugo",
            lambda site: centrifugo.command(binary, site.settings, site.port, site.directory),
            "/connection/websocket",
            hello=centrifugo.HELLO,
            ready_on=centrifugo.READY_ON,
            health="/health",
        ),
        *CONTENDERS,
    ]
