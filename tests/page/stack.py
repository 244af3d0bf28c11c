"""The real services as processes of their own: processors and gateway on the tests' broker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaSettings, LogAdmin

_GATEWAY = "from durable_streaming.gateway.server import serve; serve()"
_PROCESSOR = (
    "from durable_streaming.processors.settings import ProcessorSettings\n"
    "from durable_streaming.processors.worker import run\n"
    "run(ProcessorSettings())"
)
_PARTITIONS = 2
_READY_S = 40


@dataclass
class Stack:
    """A gateway with processors behind it.

    Attributes:
        url: Where the page is.
        settings: The log behind it.
    """

    url: str
    settings: KafkaSettings
    _environment: dict[str, str]
    _folder: Path
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_processor(self) -> None:
        self._start("processor", _PROCESSOR)

    def start_gateway(self) -> None:
        """Start the gateway, on the same port and store as before, and wait until it serves."""
        self._start("gateway", _GATEWAY)
        deadline = time.monotonic() + _READY_S
        while not self._serves():
            self.check()
            if time.monotonic() > deadline:
                raise AssertionError(f"the gateway is not ready after {_READY_S} s")
            time.sleep(0.1)

    def kill_gateway(self) -> None:
        """End the gateway as a power cut would."""
        gateway = self._processes.pop("gateway")
        gateway.kill()
        gateway.wait()

    def check(self) -> None:
        """Fail with the log of a service that ended by itself."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = (self._folder / f"{name}.log").read_text()
                raise AssertionError(f"the {name} ended:\n{log[-4_000:]}")

    def stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _serves(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _start(self, name: str, program: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-c", program], env=self._environment, stdout=log, stderr=log
            )


@contextmanager
def running_stack(settings: KafkaSettings, folder: Path) -> Iterator[Stack]:
    """Run processors and a gateway over the topics of `settings` until the context ends."""
    LogAdmin(settings).ensure_topics(settings.topics.specs(partitions=_PARTITIONS))
    port = free_port()
    environment = {
        **os.environ,
        "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
        "DURABLE_DATA_DIR": str(folder),
        "DURABLE_PORT": str(port),
    }
    stack = Stack(f"http://127.0.0.1:{port}", settings, environment, folder)
    try:
        stack.start_processor()
        stack.start_gateway()
        yield stack
        stack.check()
    finally:
        stack.stop()
