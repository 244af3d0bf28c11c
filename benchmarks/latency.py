"""`python -m benchmarks.latency`: from produce to the fold, and to the published draft.

Beside the worker a bare consumer reads the same records in the same run: what the log itself takes.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar

from durable_streaming.eventlog import KafkaLog, Outcome, Record, Stored
from durable_streaming.processors import worker
from durable_streaming.processors.app import create_processor
from durable_streaming.processors.ending import end_process
from durable_streaming.processors.fold import LogRecord, PartitionFold
from durable_streaming.processors.settings import ProcessorSettings
from durable_streaming.schemas import decode

from .background import background
from .broker import kafka, topics
from .fold.records import records

PARTITIONS = 4
_START_S = 60.0
# A young broker compiles itself while it serves, and holds up everybody.
_BROKER_S = 10.0

Place = tuple[int, int]
"""Partition and offset."""

Times = dict[Place, float]
"""Seconds of the machine's monotonic clock, which its processes share."""

Heads = dict[bytes, list[tuple[int, float]]]
"""By run: up to which offset its published drafts stand for its events, and since when."""

_GONE = sys.maxsize


def main() -> None:
    """Measure, print a table, write JSON where asked."""
    arguments = _parse()
    if arguments.worker:
        with asyncio.Runner(loop_factory=worker.loop_factory()) as runner:
            runner.run(_work())
        Path(arguments.worker).write_text(json.dumps(TimedFold.times))
        return
    with kafka() as bootstrap, topics(bootstrap, partitions=PARTITIONS) as log:
        figures = _measure(log, arguments.per_second, arguments.seconds)
    print(f"{'ms':24}{'p50':>8}{'p99':>8}")
    for name, (p50, p99) in figures.items():
        print(f"{name:24}{p50:>8.1f}{p99:>8.1f}")
    if arguments.json:
        form = {name: {"p50_ms": p50, "p99_ms": p99} for name, (p50, p99) in figures.items()}
        load = {"load_average": os.getloadavg(), "per_second": arguments.per_second}
        Path(arguments.json).write_text(json.dumps(load | form, indent=2) + "\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--per-second", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", help="file to write the figures to")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(log: KafkaLog, per_second: int, seconds: float) -> dict[str, tuple[float, float]]:
    names, bare, heads = log.settings.topics, Times(), Heads()

    def note_bare(record: Record) -> None:
        bare[record.partition, record.offset] = time.monotonic()

    def note_head(record: Record) -> None:
        if record.key is not None and b"#" not in record.key:
            # A tombstone comes with the run's packet, in one transaction.
            offset = decode(record.value)["applied"]["offset"] if record.value else _GONE
            heads.setdefault(record.key, []).append((offset, time.monotonic()))

    with tempfile.TemporaryDirectory(prefix="durable-latency-") as directory:
        report = Path(directory) / "folded.json"
        with (
            _following(log, names.events, note_bare),
            _following(log, names.drafts, note_head),
            _working(log, directory, report),
        ):
            # What starting the worker takes is not the question.
            warming_up = time.monotonic()
            while not heads:
                if time.monotonic() - warming_up > _START_S:
                    raise TimeoutError(f"the worker published nothing within {_START_S:.0f} s")
                _produce(log, per_second, 1.0, prefix=b"warm-up-")
            _produce(log, per_second, _BROKER_S, prefix=b"warm-")
            sent = _produce(log, per_second, seconds)
            time.sleep(2.0)
        folded: Times = {(p, offset): at for p, offset, at in json.loads(report.read_text())}
    return {
        "a bare consumer": _quantiles(bare[place] - at for place, (_, at) in sent.items()),
        "the fold": _quantiles(folded[place] - at for place, (_, at) in sent.items()),
        "the published draft": _quantiles(
            next(seen for upto, seen in heads[key] if upto >= place[1]) - at
            for place, (key, at) in sent.items()
        ),
    }


def _produce(
    log: KafkaLog, per_second: int, seconds: float, prefix: bytes = b""
) -> dict[Place, tuple[bytes, float]]:
    """Append at a pace; gives key and time of each record by its place."""
    writer, topic = log.writer("latency"), log.settings.topics.events
    sent: dict[Place, tuple[bytes, float]] = {}

    def noting(key: bytes, at: float) -> Callable[[Outcome], None]:
        def note(outcome: Outcome) -> None:
            assert isinstance(outcome, Stored), outcome
            assert outcome.offset is not None
            sent[outcome.partition, outcome.offset] = key, at

        return note

    began = time.monotonic()
    for number, (key, value) in enumerate(records(int(per_second * seconds), active_runs=100)):
        while (early := began + number / per_second - time.monotonic()) > 0:
            writer.poll(early)
        # A warm-up's runs must not be taken for those that are measured.
        key, value = prefix + key, value.replace(b'"run-', b'"' + prefix + b"run-")
        writer.append(topic, key, value, on_outcome=noting(key, time.monotonic()))
    writer.close()
    return sent


def _following(
    log: KafkaLog, topic: str, note: Callable[[Record], None]
) -> AbstractContextManager[None]:
    """Read a topic in a thread for as long as the context is open."""

    def follow(ended: threading.Event) -> None:
        with log.reader({(topic, p): 0 for p in range(PARTITIONS)}) as reader:
            while not ended.is_set():
                for record in reader.read(0.1):
                    note(record)

    return background(follow)


@contextmanager
def _working(log: KafkaLog, directory: str, report: Path) -> Iterator[None]:
    """Run the worker in a process of its own; at its end it reports when it folded what."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.latency", "--worker", str(report)],
        env=os.environ
        | {
            "DURABLE_KAFKA_BOOTSTRAP": log.settings.kafka_bootstrap,
            "DURABLE_TOPIC_PREFIX": log.settings.topic_prefix,
            "DURABLE_DATA_DIR": directory,
        },
    )
    try:
        yield
        process.terminate()
        process.wait(30)
    finally:
        process.kill()


class TimedFold(PartitionFold):
    """The fold, noting when each record came to it."""

    times: ClassVar[list[tuple[int, int, float]]] = []

    def feed_all(self, records: Iterable[LogRecord]) -> None:
        """Fold records."""
        super().feed_all(self._noting(records))

    def _noting(self, records: Iterable[LogRecord]) -> Iterator[LogRecord]:
        for record in records:
            yield record
            # The next one is asked for when this one is folded.
            self.times.append((self._partition, record.offset, time.monotonic()))


async def _work() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    processor = create_processor(
        ProcessorSettings(), on_failure=end_process, restore=TimedFold.restore
    )
    await worker.serve(processor, stop)


def _quantiles(seconds: Iterable[float]) -> tuple[float, float]:
    """Give the median and the 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1_000, cuts[98] * 1_000


if __name__ == "__main__":
    main()
