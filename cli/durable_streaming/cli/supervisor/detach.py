"""Start a supervisor that outlives the command, and wait until all serve."""

import subprocess
import sys
import time
from pathlib import Path

from durable_streaming.cli.exits import CliError
from durable_streaming.cli.output import stderr
from durable_streaming.cli.supervisor.plan import Plan

_START_S = 900.0
"""A first start fetches the broker; on a slow line that takes minutes."""


def start_detached(plan: Plan) -> str:
    """Start `durable up` in the background; gives its ready line.

    What it says until then is shown, so a download or an error is seen.

    Raises:
        CliError: it ended before all served.
    """
    plan.logs.mkdir(parents=True, exist_ok=True)
    said, ready = plan.logs / "supervisor.log", plan.logs / "supervisor.out"
    with said.open("wb") as errors, ready.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "durable_streaming.cli", "up"),
                *("--data-dir", str(plan.data_dir), "--port", str(plan.port)),
                *("--workers", str(plan.workers), "--gateways", str(plan.gateways)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    shown = 0
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        shown = _show(said, shown)
        line = ready.read_text()
        if line.endswith("\n"):
            return line.strip()
        if process.poll() is not None:
            _show(said, shown)
            raise CliError(f"the stack did not start (exit {process.returncode}), see above")
        time.sleep(0.05)
    process.terminate()
    raise CliError(f"the stack did not start in {_START_S:.0f} s: see {said}")


def _show(path: Path, shown: int) -> int:
    with path.open("rb") as file:
        file.seek(shown)
        text = file.read()
    # Whole lines only: the rest may still be half a character.
    whole = text[: text.rfind(b"\n") + 1]
    if whole:
        stderr.print(whole.decode(errors="replace"), end="", markup=False, soft_wrap=True)
    return shown + len(whole)
