"""The command lines that run the broker's Java programs."""

import base64
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from .config import LOGGING_PROPERTIES, SERVER_PROPERTIES
from .fetch import classpath
from .java import Java

_COMMON = (
    # One small heap on a shared machine: the serial collector has the least overhead in memory and
    # threads, and pauses of a 256 MB heap are short.
    "-XX:+UseSerialGC",
    # Its file lies in /tmp, is memory-mapped, and kills the process when /tmp is full.
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={LOGGING_PROPERTIES}",
)


def broker_command(java: Java, jars: Sequence[Path], heap_mb: int) -> list[str]:
    """The broker; runs in the data directory."""
    options = (
        f"-Xms{min(32, heap_mb)}m",
        f"-Xmx{heap_mb}m",
        # A broker without memory limps on half dead; ended, it is restarted whole.
        "-XX:+ExitOnOutOfMemoryError",
    )
    return _command(java, jars, options, "kafka.Kafka", SERVER_PROPERTIES)


def format_command(java: Java, jars: Sequence[Path]) -> list[str]:
    """The tool that sets up the storage, once; runs in the data directory."""
    arguments = ("format", "--cluster-id", _cluster_id(), "--config", SERVER_PROPERTIES)
    # Ends before the optimising compiler would pay for itself.
    return _command(
        java,
        jars,
        ("-XX:TieredStopAtLevel=1",),
        "kafka.tools.StorageTool",
        *arguments,
        "--ignore-formatted",
    )


def environment() -> dict[str, str]:
    """The environment of both."""
    # Java decodes paths by the locale: in "C" a data directory with an umlaut is not found.
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _command(
    java: Java, jars: Sequence[Path], options: Sequence[str], main: str, *arguments: str
) -> list[str]:
    newer = ["--enable-native-access=ALL-UNNAMED"] if java.version >= 22 else []
    if java.version >= 24:
        # Kafka's libraries use what these releases warn about; the log is for real warnings.
        newer.append("--sun-misc-unsafe-memory-access=allow")
    return [
        str(java.path),
        *options,
        *_COMMON,
        *newer,
        "-cp",
        classpath(jars),
        main,
        *arguments,
    ]


def _cluster_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        # On the tool's command line it would be taken for an option.
        if not text.startswith("-"):
            return text
