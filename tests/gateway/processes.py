"""Gateways as real processes, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from durable_streaming.eventlog import KafkaSettings

_SERVE = "from durable_streaming.gateway import serve; serve()"


class GatewayProcess:
    """One gateway process that can be killed and started again over the same data."""

    def __init__(self, data_dir: Path, kafka: KafkaSettings, port: int) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = data_dir / "gateway.log"
        self._environment = {
            **os.environ,
            "DURABLE_KAFKA_BOOTSTRAP": kafka.kafka_bootstrap,
            "DURABLE_TOPIC_PREFIX": kafka.topic_prefix,
            "DURABLE_DATA_DIR": str(data_dir),
            "DURABLE_PORT": str(port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it serves."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE], env=self._environment, stdout=log, stderr=log
            )
        while True:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < 30, self.log.read_text()
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it in order; gives the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        return process.wait(20)
