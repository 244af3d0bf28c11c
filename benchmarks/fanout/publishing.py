"""The publisher's process, as those who measure hold it."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from .contenders import ROOT, Site


@contextlib.contextmanager
def publishing(
    site: Site, prefix: str, *, runs: int, per_second: float, seconds: float, headers: bool = False
) -> Iterator["subprocess.Popen[str]"]:
    """Have a publisher that is ready to `begin`, and at the end of the context none.

    Args:
        site: where to.
        prefix: of the runs' ids.
        runs: how many.
        per_second: events of all runs.
        seconds: how long it writes.
        headers: name the run in a header, too.
    """
    publisher = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.fanout.publisher"),
            *(site.settings.kafka_bootstrap, site.settings.topics.events, prefix),
            *("--runs", str(runs), "--per-second", str(per_second), "--seconds", str(seconds)),
            *(["--headers"] if headers else []),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert publisher.stdout is not None
        publisher.stdout.readline()
        yield publisher
    finally:
        publisher.kill()
        publisher.wait()


def begin(publisher: "subprocess.Popen[str]") -> None:
    """Let it write."""
    assert publisher.stdin is not None
    publisher.stdin.write("go\n")
    publisher.stdin.flush()
