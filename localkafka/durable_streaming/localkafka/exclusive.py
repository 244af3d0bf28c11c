"""Ownership of a path by one process at a time, through an advisory file lock.

The kernel releases the lock when its last holder dies, however it dies; a pid file alone
would outlive a kill -9 and point at whatever process got the number next.
"""

import fcntl
import os
from pathlib import Path


def acquire(path: Path, *, wait: bool) -> int | None:
    """Take the lock at `path`, creating the file when it is not there.

    The lock lives as long as any copy of the returned descriptor is open, in this process or in
    one that inherited it. Release it with `os.close`, never with an unlock, which would take it
    away from the heirs as well.

    Args:
        path: The lock file; its folder must exist.
        wait: Whether to wait for the present owner.

    Returns:
        The open descriptor; None when another owner has the lock and `wait` is false.

    Raises:
        OSError: The file can't be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
