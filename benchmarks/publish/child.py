"""Modules of this package, each run in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from durable_streaming.eventlog import KafkaSettings

_ROOT: Final = Path(__file__).parents[2]
_TIMEOUT_S: Final = 240


class Child:
    """A process that prints one JSON object; made, it runs.

    Args:
        module: of this package.
        settings: of the connection, handed on in the environment.
        arguments: of the module.
    """

    def __init__(self, module: str, settings: KafkaSettings, *arguments: object) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.{module}", *map(str, arguments)],
            cwd=_ROOT,
            env=os.environ
            | {
                "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
                "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def result(self) -> Any:
        """Wait for its end; gives what it printed.

        Raises:
            RuntimeError: it failed.
        """
        try:
            out, err = self._process.communicate(timeout=_TIMEOUT_S)
        finally:
            self._process.kill()
        if self._process.returncode != 0:
            told = err.decode(errors="replace")[-2_000:]
            raise RuntimeError(f"{self._module} failed: {told}")
        return json.loads(out)
