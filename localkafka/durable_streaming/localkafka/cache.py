"""Where the jars are kept, and whether what is kept is what the lock file says."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .jars import Jar, JarLock

CACHE_VARIABLE = "DURABLE_CACHE_DIR"
MISSING = "is missing"

_HASHING_THREADS = 4
"""hashlib releases the interpreter lock: 43 MB take about 0.1 s on two cores."""


def cache_root(cache_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Decide on the cache directory.

    Args:
        cache_dir: An explicit choice, which wins.
        environ: Environment to look in for ``DURABLE_CACHE_DIR`` and ``XDG_CACHE_HOME``; the
            process's own by default.

    Returns:
        An absolute path, which need not exist.
    """
    environ = os.environ if environ is None else environ
    if cache_dir is None and (chosen := environ.get(CACHE_VARIABLE)):
        cache_dir = Path(chosen)
    if cache_dir is not None:
        return cache_dir.expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification tells to ignore relative paths.
    home = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return home / "durable-streaming"


def jar_folder(root: Path, lock: JarLock) -> Path:
    """The folder of one Kafka version: an upgrade neither reuses nor removes another's jars."""
    return root / f"kafka-{lock.kafka_version}"


def find_faults(folder: Path, jars: Iterable[Jar]) -> dict[Jar, str]:
    """Compare the jars in `folder`, byte for byte, with what is locked.

    Size and time would not show a file that was tampered with, so every start computes digests.

    Returns:
        What is wrong, by jar; empty when all are good.

    Raises:
        OSError: A jar exists and can't be read.
    """
    jars = tuple(jars)
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        faults = pool.map(lambda jar: find_fault(folder / jar.filename, jar), jars)
        return {jar: fault for jar, fault in zip(jars, faults, strict=True) if fault}


def find_fault(path: Path, jar: Jar) -> str | None:
    """Say what is wrong with the file at `path`, or None when it is the locked jar."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != jar.size:
                return f"has {size} bytes instead of {jar.size}"
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return MISSING
    if digest != jar.sha256:
        return f"has SHA-256 {digest} instead of {jar.sha256}"
    return None
