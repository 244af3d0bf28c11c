"""Bring the broker's jars to this machine once, and refuse any that is not the locked one."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from . import exclusive
from .cache import CACHE_VARIABLE, MISSING, cache_root, find_fault, find_faults, jar_folder
from .errors import CacheUnusable, JarCorrupt
from .jars import Jar, JarLock, load_lock
from .progress import Advance, Progress, SilentProgress
from .repository import REPOSITORY_VARIABLE, Repository

_DOWNLOADS = 4
"""At once. More gain nothing: two of the 45 files are half of the bytes."""

_DELIVERIES = 2
"""A file damaged on its way is worth a second delivery; one that is wrong twice is wrong there."""

_SCRATCH_PREFIX = "fetch-"


def ensure_jars(
    cache_dir: Path | None = None,
    *,
    repository: str | None = None,
    progress: Progress | None = None,
    lock: JarLock | None = None,
) -> list[Path]:
    """Make sure that the jars are on this machine and are the locked ones, byte for byte.

    Any number of processes may call this at once over one cache: one fetches, the others wait.

    Args:
        cache_dir: Where to keep them; else ``DURABLE_CACHE_DIR``, else the user's cache directory.
        repository: Maven repository; else ``DURABLE_MAVEN_REPOSITORY``, else Maven Central.
        progress: Where to show what is done.
        lock: Other jars than the ones of this package's own lock file.

    Returns:
        The jars in the order of the class path.

    Raises:
        JarsUnavailable: `RepositoryUnreachable`, `JarCorrupt` or `CacheUnusable`.
    """
    progress = progress or SilentProgress()
    lock = lock or load_lock()
    folder = jar_folder(cache_root(cache_dir), lock)
    with _cache_faults_translated(folder):
        # Without a lock first, so that a complete cache may be read-only.
        if find_faults(folder, lock.jars):
            source = Repository(repository) if repository else Repository.from_environ()
            _complete(folder, lock, source, progress)
    return [folder / jar.filename for jar in lock.jars]


def classpath(jars: Sequence[Path]) -> str:
    """Join jars for ``java -cp``."""
    return os.pathsep.join(map(str, jars))


def _complete(folder: Path, lock: JarLock, source: Repository, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with _sole_writer(folder, progress):
        for leftover in folder.glob(f"{_SCRATCH_PREFIX}*"):
            # Of a fetch that was killed: nobody else can be at work here now.
            shutil.rmtree(leftover, ignore_errors=True)
        faults = find_faults(folder, lock.jars)
        for jar, fault in faults.items():
            if fault != MISSING:
                progress.note(f"{folder / jar.filename} {fault}: refused, fetching it again")
        if faults:
            _fetch_all(folder, faults, lock.kafka_version, source, progress)


def _fetch_all(
    folder: Path, faults: Mapping[Jar, str], version: str, source: Repository, progress: Progress
) -> None:
    progress.note(f"Fetching {len(faults)} jars from {source.name} into {folder}")
    size = sum(jar.size for jar in faults)
    abandoned = False
    with (
        # What a second Ctrl-C leaves in it, the next fetch removes.
        tempfile.TemporaryDirectory(
            prefix=_SCRATCH_PREFIX, dir=folder, ignore_cleanup_errors=True
        ) as scratch,
        progress.download(f"Apache Kafka {version}", size) as shown,
        ThreadPoolExecutor(_DOWNLOADS) as pool,
    ):

        def advance(count: int) -> None:
            if abandoned:
                raise _Abandoned
            shown(count)

        # Largest first: the last one to end should not be the largest.
        wanted = sorted(faults, key=lambda jar: jar.size, reverse=True)
        fetches = [
            pool.submit(_fetch_one, jar, folder, Path(scratch), source, advance, progress)
            for jar in wanted
        ]
        try:
            for fetch in as_completed(fetches):
                fetch.result()
        finally:
            # After a failure or Ctrl-C nobody wants the rest; leaving the pool waits for threads.
            abandoned = True
            pool.shutdown(wait=False, cancel_futures=True)


def _fetch_one(
    jar: Jar, folder: Path, scratch: Path, source: Repository, advance: Advance, progress: Progress
) -> None:
    fault: str | None = None
    for delivery in range(_DELIVERIES):
        own = scratch / f"{jar.filename}.{delivery}"
        own.mkdir()
        delivered = source.fetch(jar, own, advance)
        fault = find_fault(delivered, jar)
        if fault is None:
            if not delivered.is_relative_to(own):
                delivered = Path(shutil.copyfile(delivered, own / jar.filename))
            # Readers never see a partial jar: they see the old one, none, or the whole one.
            delivered.replace(folder / jar.filename)
            return
        progress.note(f"{jar.coordinate} as delivered {fault}: refused")
    raise JarCorrupt(
        f"{jar.coordinate} from {source.name} {fault}, {_DELIVERIES} times in a row; not used.",
        remedy="something between here and Maven Central changes files (a proxy, a mirror, a login "
        f"page): set {REPOSITORY_VARIABLE} to a repository you trust and start again.",
    )


class _Abandoned(Exception):
    """End a download that nobody waits for any more."""


@contextmanager
def _sole_writer(folder: Path, progress: Progress) -> Iterator[None]:
    path = folder / "fetch.lock"
    held = exclusive.acquire(path, wait=False)
    if held is None:
        progress.note(f"Waiting for another process that fetches into {folder}")
        held = exclusive.acquire(path, wait=True)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


@contextmanager
def _cache_faults_translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        room = "make room there, or " if error.errno == errno.ENOSPC else ""
        raise CacheUnusable(
            f"The cache directory {folder} can't be used: {error.strerror or error}.",
            remedy=f"{room}set {CACHE_VARIABLE} to a directory that can be written.",
        ) from error
