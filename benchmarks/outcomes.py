"""`python -m benchmarks.outcomes`: brokers killed and connections cut under a publishing SDK.

In every other round of kills the producer is closed while the broker is away, so that what it knows
nothing of stays unknown, and another one takes its runs over. In the end the log is read from its
beginning: every `ok` must be at its place, no `failed` may be there, every `unknown` folds at most
once, and no run has a gap in its seqs.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from durable_streaming.eventlog import KafkaSettings, Outcome
from durable_streaming.localkafka import LocalKafka
from durable_streaming.producers import LogFailed, OutcomeUnknown, ProducerOptions
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.takeover import take_over
from tests.producers.proxy import KafkaProxy

from .broker import topics
from .outcome_check import Said, check

PARTITIONS: Final = 4
_RUNS: Final = 8
_PAUSE_S: Final = 0.002
_EVENTS_A_CUT: Final = 10
_WAIT_S: Final = 60.0
# Short beside a broker's restart, so that kills make outcomes unknown.
_OPTIONS: Final = ProducerOptions(answer_deadline_s=1.0)


def main() -> int:
    """Run the campaign; 0 where every promise was kept."""
    arguments = _parse()
    with tempfile.TemporaryDirectory(prefix="durable-outcomes-") as directory:
        broker = LocalKafka(Path(directory))
        broker.start()
        try:
            with topics(broker.bootstrap, partitions=PARTITIONS) as log:
                said = kill_brokers(broker, log.settings, arguments.kills, arguments.seed)
                said += cut_connections(log.settings, arguments.cuts)
                broken = check(said, log)
        finally:
            broker.stop()
    outcomes = Counter(type(one.outcome).__name__.lower() for one in said)
    print(f"{arguments.kills} kills, {arguments.cuts} cuts, {len(said):,} events: {dict(outcomes)}")
    print(f"{len(broken)} promises broken", *broken[:20], sep="\n  ")
    if arguments.json:
        figures = {**outcomes, "kills": arguments.kills, "cuts": arguments.cuts}
        form = {"load_average": os.getloadavg(), **figures, "broken": len(broken)}
        Path(arguments.json).write_text(json.dumps(form, indent=2) + "\n")
    return 1 if broken else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outcomes", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs of the broker")
    parser.add_argument("--cuts", type=int, default=200, help="answers lost with their connection")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", help="file to write the figures to")
    return parser.parse_args()


class Fleet:
    """Runs that append deltas, and what is said of each.

    Attributes:
        said: of every event so far, by all of its engines.
    """

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        self.said: list[Said] = []
        self._settings = settings
        self._engine = Engine(settings, _OPTIONS)
        self._runs = [self._engine.new_run(f"{name}-{number}") for number in range(_RUNS)]
        for run in self._runs:
            self._engine.outbox.register(run)
            run.append("run.started", {"agent": "benchmark"})

    def append(self) -> None:
        """Append one delta to each run."""
        for run in self._runs:
            one = Said((run.run_id, run.epoch, run.next_seq), f"<{run.epoch}.{run.next_seq}>")
            self.said.append(one)
            run.append("text.delta", {"text": one.text}, _noting(one))

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Append from a thread for as long as the context is open."""
        ended = threading.Event()

        def stream() -> None:
            while not ended.wait(_PAUSE_S):
                self.append()

        thread = threading.Thread(target=stream)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def replace_producer(self, meanwhile: Callable[[], None]) -> None:
        """Close the producer, whatever is unanswered; another one takes over after `meanwhile`."""
        self._engine.close()
        meanwhile()
        self._engine = Engine(self._settings, _OPTIONS)
        self._runs = [self._take_over(run.run_id) for run in self._runs]

    def settle(self) -> None:
        """Wait until everything that the producer holds is stored."""
        wait(lambda: all(run.ledger.is_clean for run in self._runs))

    def finish(self) -> None:
        """End every run."""
        for run in self._runs:
            run.append("run.completed", {})
        self.settle()
        self._engine.close()

    def _take_over(self, run_id: str) -> RunWriter:
        deadline_s = time.monotonic() + _WAIT_S
        while True:
            try:
                return take_over(self._engine, run_id)
            except (LogFailed, OutcomeUnknown):
                # A broker that has just come back answers not everything at once.
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)


def kill_brokers(broker: LocalKafka, settings: KafkaSettings, kills: int, seed: int) -> list[Said]:
    """Kill the broker again and again under a fleet that streams."""
    chance = random.Random(seed)
    fleet = Fleet(settings, "killed")
    for number in range(kills):
        fleet.settle()
        with fleet.streaming():
            time.sleep(chance.uniform(0.3, 1.5))
            os.kill(broker.pid, signal.SIGKILL)
            broker.wait()
            time.sleep(chance.uniform(0.1, 2.0))
            if number % 2 == 0:
                broker.start()
        if number % 2:
            fleet.replace_producer(meanwhile=broker.start)
    fleet.finish()
    return fleet.said


def cut_connections(settings: KafkaSettings, cuts: int) -> list[Said]:
    """Lose the answer to a request that the broker has carried out, again and again."""
    with KafkaProxy(settings.kafka_bootstrap) as proxy:
        through = settings.model_copy(update={"kafka_bootstrap": proxy.bootstrap})
        fleet = Fleet(through, "cut")
        fleet.settle()
        for cut in range(cuts):
            proxy.lose_answer()
            for _ in range(_EVENTS_A_CUT):
                fleet.append()
            wait(lambda: proxy.lost > cut)  # noqa: B023
        fleet.finish()
    return fleet.said


def wait(happened: Callable[[], bool]) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it did not within a minute.
    """
    deadline_s = time.monotonic() + _WAIT_S
    while not happened():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"did not come about within {_WAIT_S:.0f} s")
        time.sleep(0.005)


def _noting(one: Said) -> Callable[[Outcome], None]:
    def note(outcome: Outcome) -> None:
        one.outcome = outcome

    return note


if __name__ == "__main__":
    sys.exit(main())
