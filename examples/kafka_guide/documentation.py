"""Kafka's documentation, out of Kafka's own jars."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .entries import Entry
from .errors import DocumentationUnavailable
from .index import FORMAT, Index
from .parse import merged, parse_errors, parse_settings

#: Classes whose `main` prints documentation, most specific first: of entries in the same words
#: the first names the source.
_PRINTERS: tuple[tuple[str, Callable[[str], list[Entry]]], ...] = (
    ("org.apache.kafka.clients.producer.ProducerConfig", parse_settings),
    ("org.apache.kafka.clients.consumer.ConsumerConfig", parse_settings),
    ("org.apache.kafka.storage.internals.log.LogConfig", parse_settings),
    ("kafka.server.KafkaConfig", parse_settings),
    ("org.apache.kafka.clients.admin.AdminClientConfig", parse_settings),
    ("org.apache.kafka.common.protocol.Errors", parse_errors),
)
_TIMEOUT_SECONDS = 60
_VERSION = re.compile(r"^kafka-clients-(.+)\.jar$")


def read_documentation(java: Path, jars: Sequence[Path]) -> Iterator[Entry]:
    """Let each class print its documentation, and read it into entries.

    Raises:
        DocumentationUnavailable: Java failed, or printed something that holds no entry.
    """
    class_path = os.pathsep.join(map(str, jars))
    for name, parse in _PRINTERS:
        entries = parse(_printed(java, class_path, name))
        if not entries:
            raise DocumentationUnavailable(
                f"{name} printed no entry; does this version of Kafka print its documentation?"
            )
        yield from entries


def _printed(java: Path, class_path: str, name: str) -> str:
    # C1 only: the process lives for half a second, which the optimising compiler never repays.
    command = [str(java), "-XX:TieredStopAtLevel=1", "-cp", class_path, name]
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DocumentationUnavailable(f"{java} did not run {name}: {error}") from error
    if done.returncode != 0:
        raise DocumentationUnavailable(f"{name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def open_index(cache_dir: Path, java: Path, jars: Sequence[Path]) -> Index:
    """Open the index of these jars' documentation, building it first where it is not there.

    Two processes may build at once: each writes a file of its own and the last rename wins, with
    the same content.

    Raises:
        DocumentationUnavailable: There is no index yet and Java did not print the documentation.
    """
    path = cache_dir / f"kafka-{_kafka_version(jars)}-{FORMAT}.sqlite"
    if not path.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
        unfinished.unlink(missing_ok=True)
        try:
            Index.build(unfinished, merged(read_documentation(java, jars))).close()
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return Index(path)


def _kafka_version(jars: Sequence[Path]) -> str:
    for jar in jars:
        if found := _VERSION.match(jar.name):
            return found[1]
    raise DocumentationUnavailable("kafka-clients-<version>.jar is not among the jars")
