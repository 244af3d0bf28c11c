"""Generated logs of one partition: several runs and bad records in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..judge import murmur2_partition
from ..reference import MAX_LETTER_VALUE, LogRecord
from .bad_fields import wrong_fields
from .bad_records import BadRecord, malformed, misplaced
from .choice import Chooser
from .runs import run_values

PARTITIONS = 12


@dataclass(frozen=True)
class GeneratedLog:
    """One partition's records in the order of their offsets."""

    partition: int
    partitions: int
    records: list[LogRecord]


def run_ids_of(partition: int, partitions: int = PARTITIONS) -> Iterator[str]:
    """Ids of runs that belong to this partition, without end."""
    number = 0
    while True:
        run_id = f"run_{number}"
        if murmur2_partition(run_id.encode(), partitions) == partition:
            yield run_id
        number += 1


def bad_records_for(run_id: str, partition: int, partitions: int = PARTITIONS) -> list[BadRecord]:
    """Every bad record there is an example of."""
    stranger = next(run_ids_of((partition + 1) % partitions, partitions))
    return [*malformed(run_id), *misplaced(run_id, stranger), *wrong_fields(run_id)]


def make_log(chooser: Chooser, *, max_runs: int = 3, run_size: int = 30) -> GeneratedLog:
    """A log with runs interleaved and, at times, bad records among them."""
    partition = chooser.integer(0, PARTITIONS - 1)
    ids = run_ids_of(partition)
    queues = []
    for _ in range(chooser.integer(1, max_runs)):
        run_id = next(ids)
        size = chooser.pick((run_size // 3, run_size // 10, run_size))
        values = run_values(chooser, run_id, size)
        queues.append([(run_id.encode(), value) for value in values])
    bad_percent = chooser.pick((0, 0, 10))
    every_bad = bad_records_for(next(run_ids_of(partition)), partition)
    # The huge ones would take all the time there is; what a letter cuts is huge, so some stay.
    bad = [record for record in every_bad if len(record.value or b"") < 10_000]
    bad += [record for record in every_bad if len(record.value or b"") > MAX_LETTER_VALUE]
    records: list[LogRecord] = []
    offset = chooser.pick((0, 0, 1, 2**40))
    while queues:
        key: bytes | None
        value: bytes | None
        if chooser.chance(bad_percent):
            _, key, value, _ = chooser.pick(bad)
        else:
            queue = chooser.pick(queues)
            if not queue:
                queues.remove(queue)
                continue
            key, value = queue.pop(0)
        records.append(LogRecord(partition, offset, key, value))
        # Offsets rise but need not be dense.
        offset += 3 if chooser.chance(3) else 1
    return GeneratedLog(partition, PARTITIONS, records)


def log_of(values: list[bytes], run_id: str, *, first_offset: int = 0) -> GeneratedLog:
    """A log with one run's values only."""
    key = run_id.encode()
    partition = murmur2_partition(key, PARTITIONS)
    records = [
        LogRecord(partition, first_offset + number, key, value)
        for number, value in enumerate(values)
    ]
    return GeneratedLog(partition, PARTITIONS, records)
