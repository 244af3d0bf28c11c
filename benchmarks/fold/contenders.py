"""Who folds, and how each is started and measured."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from durable_streaming.eventlog import KafkaSettings

ROOT: Final = Path(__file__).parents[2]
QUIX_PYTHON: Final = ROOT / ".venv" / "quix" / "bin" / "python"
"""QuixStreams pins a confluent-kafka older than this project's, so it has its own environment."""

_TIMEOUT_S: Final = 240


@dataclass(frozen=True, slots=True)
class Figures:
    """What one contender took for some events."""

    contender: str
    active_runs: int
    events: int
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float

    @property
    def per_second(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the process's CPU, its threads' included, for one event."""
        return self.cpu_seconds / self.events * 1e6


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to fold.

    Attributes:
        module: what is run.
        at_most: records after which it is stopped, where all would take minutes.
    """

    name: str
    module: str
    python: Path = Path(sys.executable)
    at_most: int | None = None

    def run(self, settings: KafkaSettings, *, total: int, active_runs: int) -> Figures:
        """Fold the first `total` records in a process of its own.

        Raises:
            RuntimeError: it ended without figures.
        """
        total = min(total, self.at_most or total)
        with tempfile.TemporaryDirectory(prefix="durable-benchmark-") as directory:
            done = subprocess.run(
                [
                    *(self.python, "-m", self.module),
                    *(settings.kafka_bootstrap, settings.topics.events, str(total), directory),
                ],
                cwd=ROOT,
                env=os.environ
                | {
                    "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
                    "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
                    "DURABLE_DATA_DIR": directory,
                },
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        try:
            figures = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError) as error:
            tail = done.stderr.decode(errors="replace")[-2_000:]
            raise RuntimeError(f"{self.name} gave no figures: {tail}") from error
        return Figures(self.name, active_runs, **figures)


CONTENDERS: Final = (
    Contender("plain Faust", "benchmarks.fold.plain_faust", at_most=10_000),
    Contender("QuixStreams", "benchmarks.fold.quix", python=QUIX_PYTHON),
    Contender("bare loop", "benchmarks.fold.bare"),
    Contender("durable-streaming", "benchmarks.fold.ours"),
)


def available(report: Callable[[str], None]) -> list[Contender]:
    """Give the contenders that are installed; say which are not."""
    there = []
    for contender in CONTENDERS:
        if contender.python.exists():
            there.append(contender)
        else:
            report(f"{contender.name} left out: no {contender.python}")
    return there
