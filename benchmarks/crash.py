"""`python -m benchmarks.crash`: workers killed and frozen again and again, then compared.

The source flows all the while, with 5 % repeated and 5 % reordered events and bad records, so that
every kill hits a worker with work that is not committed. In the end every table and every dead
letter must equal the pure fold of the log, byte for byte.
"""

import argparse
import itertools
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from durable_streaming.eventlog import KafkaLog
from durable_streaming.processors.errors import Fenced
from tests.processors.derived import differences, folded, stored
from tests.processors.flows import Commits, Flow, append, endless_log
from tests.processors.workers import WorkerProcess, wait_until

from .broker import kafka, topics

PARTITIONS = 4
# What a kill and a freeze take here, roughly: a restart; the session's end and a takeover.
_KILL_S, _FREEZE_S = 5, 30
_FROZEN_S = 22


def main() -> int:
    """Run the campaign; 0 where nothing differs and every blow hit uncommitted work."""
    arguments = _parse()
    with (
        kafka() as bootstrap,
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-crash-") as directory,
    ):
        return _campaign(log, Path(directory), arguments)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs")
    parser.add_argument("--stops", type=int, default=20, help="SIGSTOPs past the session's end")
    parser.add_argument("--events", type=int, default=200_000, help="records at least")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def _campaign(log: KafkaLog, directory: Path, arguments: argparse.Namespace) -> int:
    kills, stops, events = arguments.kills, arguments.stops, arguments.events
    chance = random.Random(arguments.seed)
    workers = [WorkerProcess(log.settings, directory, name) for name in ("one", "two")]
    pace = events / max(1, kills * _KILL_S + stops * _FREEZE_S)
    try:
        with Commits(log) as commits:
            with Flow(log, per_second=pace) as flow:
                hit = sum(_kill(workers[0], commits, chance) for _ in range(kills))
                frozen = _freeze_in_turn(workers, commits, stops)
            rest = itertools.islice(endless_log(), flow.count, max(flow.count, events))
            count = flow.count + append(log, rest)
            survivor = workers[stops % 2]
            if not survivor.running:
                survivor.start_and_wait()
            commits.wait_all(timeout_s=300)
            survivor.stop()
        expected, found = folded(log, log.settings.topics), stored(log, log.settings.topics)
    finally:
        for worker in workers:
            worker.end()
    differing = differences(expected, found)
    print(f"{count:,} records, {len(expected.tables):,} values, {len(expected.letters):,} letters")
    print(f"{hit} of {kills} kills hit a worker with uncommitted work")
    print(f"{frozen} of {stops} workers that froze with uncommitted work were fenced")
    print(f"{len(differing)} differences", *differing[:20], sep="\n  ")
    return 0 if not differing and hit == kills and frozen == stops else 1


def _kill(worker: WorkerProcess, commits: Commits, chance: random.Random) -> bool:
    worker.start_and_wait()
    commits.wait_next()
    time.sleep(chance.uniform(0.0, 0.6))
    worker.kill()
    return commits.behind()


def _freeze_in_turn(workers: list[WorkerProcess], commits: Commits, stops: int) -> int:
    """Freeze the worker at work and let the other take over, in turn; gives how many held."""
    if stops:
        workers[0].start_and_wait()
    return sum(_freeze(workers[n % 2], workers[(n + 1) % 2], commits) for n in range(stops))


def _freeze(frozen: WorkerProcess, successor: WorkerProcess, commits: Commits) -> bool:
    commits.wait_next()
    frozen.signal(signal.SIGSTOP)
    began, had_work = time.monotonic(), commits.behind()
    before = successor.said("partition opened")
    successor.start()
    wait_until(
        lambda: successor.said("partition opened") >= before + PARTITIONS, 60, "the takeover"
    )
    commits.wait_next()
    time.sleep(max(0.0, _FROZEN_S - (time.monotonic() - began)))
    frozen.signal(signal.SIGCONT)
    return frozen.wait(60) == Fenced.exit_code and had_work


if __name__ == "__main__":
    sys.exit(main())
