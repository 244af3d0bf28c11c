"""`python -m benchmarks.derived`: bytes that the processors write for each that agents write.

Runs stream through the SDK at a pace while a worker folds them. Counted are keys and values as
they were produced, each record that was ever written, before compression.
"""

import argparse
import asyncio
import json
import random
import tempfile
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from durable_streaming.eventlog import KafkaLog
from durable_streaming.producers import AgentProducer, ProducerOptions
from tests.processors.flows import Commits
from tests.processors.workers import WorkerProcess

from .background import background
from .broker import kafka, topics

PARTITIONS: Final = 4
DERIVED: Final = ("drafts", "packets", "reconciliations", "state", "control", "dead_letters")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz    "
_WAIT_S: Final = 0.5


def main() -> None:
    """Measure, print a table, write JSON where asked."""
    arguments = _parse()
    figures = dict.fromkeys(("events", *DERIVED), 0)
    with (
        kafka() as bootstrap,
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-derived-") as directory,
        _counting(log, figures),
    ):
        worker = WorkerProcess(log.settings, Path(directory), "worker")
        try:
            worker.start_and_wait()
            asyncio.run(_publish(log, arguments))
            with Commits(log) as commits:
                commits.wait_all()
            worker.stop()
        finally:
            worker.end()
    source = figures["events"]
    print(f"{'':18}{'MB':>10}{'of the source':>16}")
    for name, count in figures.items():
        print(f"{name:18}{count / 1e6:>10.2f}{count / source:>15.2f}x")
    derived = sum(figures.values()) - source
    print(f"{'derived, in all':18}{derived / 1e6:>10.2f}{derived / source:>15.2f}x")
    if arguments.json:
        form = vars(arguments) | {"bytes": figures, "ratio": derived / source}
        Path(arguments.json).write_text(json.dumps(form, indent=2) + "\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.derived", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="at once")
    parser.add_argument("--rate", type=float, default=30.0, help="deltas a second of each run")
    parser.add_argument("--characters", type=int, default=5, help="of a delta")
    parser.add_argument("--seconds", type=float, default=20.0, help="that each run streams")
    parser.add_argument("--json", help="file to write the figures to")
    return parser.parse_args()


async def _publish(log: KafkaLog, arguments: argparse.Namespace) -> None:
    # One delta of the log for each of the agent's: the hardest case.
    options = ProducerOptions(merge_window_s=0, check_takeover=False)
    async with (
        AgentProducer(log.settings, options=options) as producer,
        asyncio.TaskGroup() as group,
    ):
        for number in range(arguments.runs):
            group.create_task(_run(producer, arguments, random.Random(number)))


async def _run(
    producer: AgentProducer, arguments: argparse.Namespace, chance: random.Random
) -> None:
    await asyncio.sleep(chance.random() / arguments.rate)
    said: list[str] = []
    clock = asyncio.get_running_loop()
    async with producer.run(agent="benchmark") as run:
        began = clock.time()
        while len(said) < arguments.seconds * arguments.rate:
            said.append("".join(chance.choices(_LETTERS, k=arguments.characters)))
            run.text(said[-1])
            await asyncio.sleep(max(0.0, began + len(said) / arguments.rate - clock.time()))
        await run.complete("".join(said))


def _counting(log: KafkaLog, written: dict[str, int]) -> AbstractContextManager[None]:
    """Count the bytes of every record as it comes; compaction would hide the older ones."""
    names = log.settings.topics
    counted = {getattr(names, name): name for name in written}

    def count(ended: threading.Event) -> None:
        places = {(topic, p): 0 for topic in counted for p in range(PARTITIONS)}
        with log.reader(places) as reader:
            while True:
                # Asked before the reading: what was written until then is read for certain.
                is_last = ended.is_set()
                records = reader.read(_WAIT_S, 10_000)
                for record in records:
                    size = len(record.key or b"") + len(record.value or b"")
                    written[counted[record.topic]] += size
                if is_last and not records:
                    return

    return background(count)


if __name__ == "__main__":
    main()
