"""`python -m benchmarks.ended_runs`: what a worker holds after very many runs, and how it restarts.

Short runs start, say a word and end; after each tenth of them the worker's resident memory is
read. In the end the worker is killed and started twice: with its local tables, and without them.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil

from durable_streaming.eventlog import KafkaLog
from tests.processors.flows import Commits, append
from tests.processors.samples import Item, clean_run
from tests.processors.workers import WorkerProcess, wait_until

from .broker import kafka, topics

PARTITIONS: Final = 4
_STEPS: Final = 10


def main() -> None:
    """Measure, print a table, write JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ended_runs", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--json", help="file to write the figures to")
    arguments = parser.parse_args()
    with (
        kafka() as bootstrap,
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-ended-") as directory,
    ):
        worker = WorkerProcess(log.settings, Path(directory), "worker")
        try:
            figures = _measure(log, worker, Path(directory), arguments.runs)
        finally:
            worker.end()
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=2) + "\n")


def _measure(log: KafkaLog, worker: WorkerProcess, directory: Path, runs: int) -> dict[str, Any]:
    worker.start_and_wait()
    memory: list[tuple[int, float]] = [(0, _resident_mb(worker))]
    print(f"{'runs ended':>12}{'resident MB':>14}")
    with Commits(log) as commits:
        for step in range(_STEPS):
            ended = runs * (step + 1) // _STEPS
            append(log, _runs(memory[-1][0], ended))
            commits.wait_all(timeout_s=600)
            memory.append((ended, _resident_mb(worker)))
            print(f"{ended:>12,}{memory[-1][1]:>14.0f}", flush=True)
    worker.kill()
    with_tables = _restart_s(worker)
    memory_after = _resident_mb(worker)
    worker.kill()
    for tables in (path for path in directory.iterdir() if path.is_dir()):
        shutil.rmtree(tables)
    without_tables = _restart_s(worker)
    print(f"killed and started with its local tables: ready after {with_tables:.1f} s,")
    print(f"and holds {memory_after:.0f} MB")
    print(f"without them, read back from the log: ready after {without_tables:.1f} s")
    return {
        "resident_mb": memory,
        "restarted_mb": memory_after,
        "with_tables_s": with_tables,
        "without_tables_s": without_tables,
    }


def _restart_s(worker: WorkerProcess) -> float:
    """Start it and give the seconds until it owns and has recovered all partitions."""
    began, before = time.monotonic(), worker.said("partition opened")
    worker.start()
    wait_until(
        lambda: worker.said("partition opened") >= before + PARTITIONS, 300, "opening partitions"
    )
    return time.monotonic() - began


def _resident_mb(worker: WorkerProcess) -> float:
    return float(psutil.Process(worker.pid).memory_info().rss) / 1e6


def _runs(first: int, end: int) -> Iterator[Item]:
    for number in range(first, end):
        yield from clean_run(f"run-{number}", 1)


if __name__ == "__main__":
    main()
