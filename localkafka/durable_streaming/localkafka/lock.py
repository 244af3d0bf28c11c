"""Regenerate the lock file: ``python -m durable_streaming.localkafka.lock [--check]``.

Run it after changing a version below and review the difference: what the repository serves at
that moment is what every later start insists on.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .jars import LOCK_NAME, Jar, JarLock, load_lock, render_lock
from .repository import Repository

KAFKA_VERSION = "4.4.0"
ROOTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    # Kafka's POM brings slf4j 1.7 and log4j but nothing that binds the one to the other.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)


def resolve(repository: str | None = None, roots: Sequence[str] = ROOTS) -> JarLock:
    """Resolve the roots with what they need at run time, and hashes every jar.

    Args:
        repository: URL of a Maven repository; None: Maven Central.
        roots: Maven coordinates ``group:name:version``.
    """
    from jgo.maven import MavenContext, PythonResolver

    with tempfile.TemporaryDirectory() as cache:
        resolver = PythonResolver()
        context = MavenContext(resolver, Path(cache), remote_repos=Repository(repository).remotes)
        # The "!" marks a root as raw: otherwise jgo reads its dependencyManagement as rules for all
        # roots, and log4j's build rules would take kafka-clients back to 3.9.1. Maven does not.
        inputs, transitive = resolver.resolve(
            [context.create_dependency(f"{root}!") for root in roots]
        )
        jars = []
        for dependency in inputs + transitive:
            path = dependency.artifact.resolve()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            jar = Jar(
                dependency.groupId,
                dependency.artifactId,
                dependency.version,
                digest,
                path.stat().st_size,
            )
            jars.append(jar)
    return JarLock(KAFKA_VERSION, tuple(roots), tuple(sorted(jars, key=lambda jar: jar.coordinate)))


def main() -> int:
    """Write the lock file, or with ``--check`` says whether it would change."""
    parser = argparse.ArgumentParser(prog="python -m durable_streaming.localkafka.lock")
    parser.add_argument("--repository", help="URL of a Maven repository (default: Maven Central)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on difference")
    options = parser.parse_args()
    lock = resolve(options.repository)
    if options.check:
        same = lock == load_lock()
        sys.stdout.write(f"{LOCK_NAME} is {'up to date' if same else 'out of date'}\n")
        return 0 if same else 1
    Path(__file__).with_name(LOCK_NAME).write_text(render_lock(lock), "utf-8")
    sys.stdout.write(f"{LOCK_NAME}: {len(lock.jars)} jars, {lock.size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
