"""`python -m benchmarks.bad_records`: one record in ten is poisonous, of every kind there is.

Each must reach the dead letters exactly once with its reason, all others must be folded, and the
lag must be back at 0. The worker is killed twice on the way.
"""

import argparse
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from durable_streaming.eventlog import KafkaLog, Outcome, Stored
from tests.processors.derived import differences, folded, read_all, stored
from tests.processors.flows import Commits
from tests.processors.workers import WorkerProcess

from .broker import kafka, topics
from .fold.records import Item, records

PARTITIONS: Final = 4
_ONE_IN: Final = 10
_KILLS: Final = 2
# Large ones are a megabyte each, so they are few.
_LARGE_ONE_IN: Final = 1_000
_FORM: Final = '{"schema_version":%d,"run_id":"%s","type":"x.y","data":%s}'

Letter = tuple[int, int, str]
"""Partition, offset and reason."""


def main() -> int:
    """Run and compare; 0 where nothing differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bad_records", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    count = parser.parse_args().records
    with (
        kafka() as bootstrap,
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-bad-") as directory,
    ):
        worker = WorkerProcess(log.settings, Path(directory), "worker")
        try:
            expected = _feed(log, worker, count)
        finally:
            worker.end()
        names = log.settings.topics
        letters = Counter(_letters(log, names.dead_letters))
        differing = differences(folded(log, names), stored(log, names))
    missing, others = expected - letters.keys(), letters.keys() - expected
    repeated = sum(times > 1 for times in letters.values())
    print(f"{count:,} records, {len(expected):,} of them poisonous; {_KILLS} kills; lag 0")
    for reason, times in sorted(Counter(reason for *_, reason in letters).items()):
        print(f"  {reason:20}{times:>8,}")
    print(f"dead letters: {len(missing)} missing, {repeated} repeated, {len(others)} unexpected")
    print(f"everything derived, beside the pure fold: {len(differing)} differences")
    for name in differing[:20]:
        print(f"  {name}")
    return 1 if missing or repeated or others or differing else 0


def _feed(log: KafkaLog, worker: WorkerProcess, count: int) -> set[Letter]:
    """Append in three parts, with a kill after each but the last; gives the poisonous ones."""
    expected: set[Letter] = set()
    worker.start_and_wait()
    items = _items(count)
    with Commits(log) as commits:
        for _ in range(_KILLS):
            _append(log, itertools.islice(items, count // (_KILLS + 1)), expected)
            commits.wait_next()
            worker.kill()
            worker.start_and_wait()
        _append(log, items, expected)
        commits.wait_all(timeout_s=120)
    worker.stop()
    return expected


def _append(log: KafkaLog, items: Iterator[tuple[Item, str | None]], expected: set[Letter]) -> None:
    writer = log.writer("bad-records")
    for (key, value), reason in items:

        def note(outcome: Outcome, reason: str | None = reason) -> None:
            assert isinstance(outcome, Stored), outcome
            if reason is not None:
                assert outcome.offset is not None
                expected.add((outcome.partition, outcome.offset, reason))

        writer.append(log.settings.topics.events, key, value, on_outcome=note)
        writer.poll(0)
    assert writer.flush(60) == 0
    writer.close()


def _items(count: int) -> Iterator[tuple[Item, str | None]]:
    """Give sound records of 100 runs, and between them bad ones with their reasons."""
    kinds = itertools.cycle(_poison(b"run-1"))
    sound = records(count, active_runs=100)
    for number in range(count):
        if number % _LARGE_ONE_IN == 1:
            yield (b"run-1", _event(1, b"run-1", f'{{"a":"{"x" * 1_000_000}"}}')), "too_large"
        elif number % _ONE_IN == 1:
            reason, item = next(kinds)
            yield item, reason
        else:
            yield next(sound), None


def _poison(key: bytes) -> Iterator[tuple[str, Item]]:
    good = _event(1, key, "{}")
    yield "empty", (key, b"")
    yield "bad_text", (key, good.replace(b"x.y", b"\xff"))
    yield "not_json", (key, good[:-2] + b",}")
    yield "too_deep", (key, _event(1, key, '{"a":' * 500 + "1" + "}" * 500))
    yield "bad_number", (key, _event(1, key, '{"a":1e999}'))
    yield "not_an_event", (key, b"[]")
    yield "unsupported_version", (key, _event(2, key, "{}"))
    yield "wrong_key", (key + b"-not", good)


def _event(version: int, key: bytes, data: str) -> bytes:
    return (_FORM % (version, key.decode(), data)).encode()


def _letters(log: KafkaLog, topic: str) -> Iterator[Letter]:
    for record in read_all(log, topic):
        headers = dict(record.headers)
        yield int(headers["partition"]), int(headers["offset"]), headers["reason"].decode()


if __name__ == "__main__":
    sys.exit(main())
