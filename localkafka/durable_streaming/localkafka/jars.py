"""The lock file: which jars make up the broker, to the byte."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

LOCK_NAME = "jars.lock.json"


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of the broker.

    Attributes:
        group: Maven group id.
        name: Maven artifact id.
        version: Maven version.
        sha256: Lower-case hexadecimal digest of the file.
        size: Length of the file in bytes.
    """

    group: str
    name: str
    version: str
    sha256: str
    size: int

    @property
    def coordinate(self) -> str:
        """The Maven coordinate ``group:name:version``."""
        return f"{self.group}:{self.name}:{self.version}"

    @property
    def filename(self) -> str:
        """The file's name in a repository and in the cache."""
        return f"{self.name}-{self.version}.jar"


@dataclass(frozen=True, slots=True)
class JarLock:
    """What the lock file holds.

    Attributes:
        kafka_version: Version of Apache Kafka.
        roots: Coordinates that were asked for; the other jars are what these need at run time.
        jars: All jars, in the order of the class path.
    """

    kafka_version: str
    roots: tuple[str, ...]
    jars: tuple[Jar, ...]

    @property
    def size(self) -> int:
        """Length of all jars together in bytes."""
        return sum(jar.size for jar in self.jars)


def load_lock() -> JarLock:
    """Read the lock file that ships with this package."""
    return parse_lock(files(__package__).joinpath(LOCK_NAME).read_text("utf-8"))


def parse_lock(text: str) -> JarLock:
    """Read a lock file from its text."""
    document: dict[str, Any] = json.loads(text)
    jars = []
    for entry in document["jars"]:
        group, name, version = entry["coordinate"].split(":")
        jars.append(Jar(group, name, version, entry["sha256"], entry["size"]))
    return JarLock(document["kafka_version"], tuple(document["roots"]), tuple(jars))


def render_lock(lock: JarLock) -> str:
    """Write a lock file; the opposite of `parse_lock`."""
    document = {
        "kafka_version": lock.kafka_version,
        "roots": lock.roots,
        "jars": [
            {"coordinate": jar.coordinate, "sha256": jar.sha256, "size": jar.size}
            for jar in lock.jars
        ],
    }
    return json.dumps(document, indent=1) + "\n"
