"""Finding the stack that a command speaks to, and the file that says what runs."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durable_streaming.cli.exits import UnreachableError
from durable_streaming.eventlog.settings import KafkaSettings


def default_data_dir() -> Path:
    """Where `durable up` keeps its data unless told otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "durable-streaming"


def chosen_data_dir(data_dir: Path | None) -> Path:
    """The data directory that an option, the environment or the default names."""
    named = data_dir or os.environ.get("DURABLE_DATA_DIR")
    return Path(named).absolute() if named else default_data_dir()


@dataclass(slots=True, frozen=True)
class Process:
    """One process of the stack.

    Attributes:
        started: its start time as the operating system knows it, so that another process that
            got the same pid later is not taken for it.
    """

    role: str
    pid: int
    started: float = 0.0


@dataclass(slots=True, frozen=True)
class RunFile:
    """What `run.json` in a data directory says."""

    gateway_url: str
    gateway_urls: list[str]
    kafka_bootstrap: str
    processes: list[Process] = field(default_factory=list)
    topic_prefix: str = "runs."

    @staticmethod
    def path(data_dir: Path) -> Path:
        """Where the file stands."""
        return data_dir / "run.json"

    @classmethod
    def read(cls, data_dir: Path) -> "RunFile | None":
        """Read the file; None where nothing runs."""
        try:
            found: dict[str, Any] = json.loads(cls.path(data_dir).read_text())
            return cls(
                found["gateway_url"],
                list(found["gateway_urls"]),
                found["kafka_bootstrap"],
                [Process(p["role"], p["pid"], p.get("started", 0.0)) for p in found["processes"]],
                found.get("topic_prefix", "runs."),
            )
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def write(self, data_dir: Path) -> None:
        """Write the file in one step, so that a reader sees the old one or the new one."""
        text = json.dumps(
            {
                "gateway_url": self.gateway_url,
                "gateway_urls": self.gateway_urls,
                "kafka_bootstrap": self.kafka_bootstrap,
                "topic_prefix": self.topic_prefix,
                "processes": [
                    {"role": p.role, "pid": p.pid, "started": p.started} for p in self.processes
                ],
            },
            indent=1,
        )
        path = self.path(data_dir)
        fresh = path.with_suffix(".new")
        fresh.write_text(text + "\n")
        fresh.replace(path)

    @classmethod
    def remove(cls, data_dir: Path) -> None:
        """Say that nothing runs any more."""
        cls.path(data_dir).unlink(missing_ok=True)


@dataclass(slots=True, frozen=True)
class Stack:
    """Where the services of a stack are."""

    kafka: KafkaSettings
    gateway_url: str | None

    def need_gateway(self) -> str:
        """The gateway's address.

        Raises:
            UnreachableError: no gateway is known.
        """
        if self.gateway_url is None:
            raise UnreachableError(
                "no gateway is known: start one with `durable up`, or set DURABLE_GATEWAY_URL"
            )
        return self.gateway_url


def find_stack(data_dir: Path | None) -> Stack:
    """Find the stack: a data directory named, else the environment, else the default directory.

    Raises:
        UnreachableError: nothing runs there.
    """
    named = data_dir is not None or bool(os.environ.get("DURABLE_DATA_DIR"))
    folder = chosen_data_dir(data_dir)
    run = RunFile.read(folder)
    bootstrap = os.environ.get("DURABLE_KAFKA_BOOTSTRAP")
    gateway_url = os.environ.get("DURABLE_GATEWAY_URL")
    if not named and (bootstrap or gateway_url):
        return Stack(KafkaSettings(), gateway_url)
    if run is None:
        raise UnreachableError(
            f"nothing runs over {folder}: start it with `durable up"
            + (f" --data-dir {folder}`" if named else "`")
            + ", or set DURABLE_KAFKA_BOOTSTRAP and DURABLE_GATEWAY_URL"
        )
    kafka = KafkaSettings(
        kafka_bootstrap=bootstrap or run.kafka_bootstrap, topic_prefix=run.topic_prefix
    )
    return Stack(kafka, gateway_url or run.gateway_url)
