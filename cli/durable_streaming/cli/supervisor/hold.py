"""Asking a supervisor to keep the processors down for a while, as a rebuild needs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from durable_streaming.cli.exits import CliError
from durable_streaming.cli.stack import RunFile
from durable_streaming.cli.supervisor.processes import identify, is_alive

_PATIENCE_S = 40.0


def _marker(data_dir: Path) -> Path:
    return data_dir / "hold-processors"


def is_held(data_dir: Path) -> bool:
    """Say whether a living process wants the processors to stay down."""
    try:
        pid = int(_marker(data_dir).read_text())
    except (OSError, ValueError):
        return False
    # Whoever was killed meanwhile must not keep them down for ever.
    return is_alive(identify("holder", pid))


@contextmanager
def processors_held(data_dir: Path) -> Iterator[None]:
    """Keep the processors of a running stack down for as long as the context is open.

    Raises:
        CliError: they do not end.
    """
    run = RunFile.read(data_dir)
    if run is None:
        yield
        return
    _marker(data_dir).write_text(str(os.getpid()))
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while any(p.role == "processor" and is_alive(p) for p in run.processes):
            if time.monotonic() > deadline:
                raise CliError("the processors do not end: see `durable status`")
            time.sleep(0.1)
        yield
    finally:
        _marker(data_dir).unlink(missing_ok=True)
