"""One supervisor a data directory."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from durable_streaming.cli.exits import CliError
from durable_streaming.cli.stack import RunFile


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Own a data directory; the lock goes with the process, however it ends.

    Raises:
        CliError: another supervisor owns it, or the directory can't be written.
    """
    try:
        lock = (data_dir / "supervisor.lock").open("ab")
    except OSError as error:
        raise CliError(
            f"can't use {data_dir}: {error.strerror}; choose another with --data-dir"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            run = RunFile.read(data_dir)
            where = f" (gateway {run.gateway_url})" if run is not None else ""
            raise CliError(
                f"a stack runs already over {data_dir}{where}: stop it with `durable down "
                f"--data-dir {data_dir}`, or choose another directory"
            ) from None
        yield
