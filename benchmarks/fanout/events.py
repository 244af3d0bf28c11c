"""The events that are delivered: valid ones of about 256 bytes, which the load client can read."""

import random
import time
from collections.abc import Iterator
from typing import Final

from durable_streaming.eventlog import BufferFull, KafkaLog

EVENT_BYTES: Final = 256

CHANNELS_HEADER: Final = "centrifugo-channels"
"""Where Centrifugo reads to whom a record goes; records have it only where it takes part."""

_HEAD = (
    '{"schema_version":1,"run_id":"%s","type":"%s","time":"2026-11-23T15:40:27.518Z",'
    '"producer_id":"benchmark","producer_epoch":0,"seq":%d,"data":%s}'
)


def run_ids(prefix: str, count: int) -> list[str]:
    """Name runs as the load client does."""
    return [f"{prefix}-{n}" for n in range(count)]


def started(run_id: str) -> bytes:
    """Write a run's first event; it is not counted, so it has no mark."""
    return (_HEAD % (run_id, "run.started", 0, '{"agent":"benchmark"}')).encode()


def delta(run_id: str, number: int, now_us: int) -> bytes:
    """Write a piece of text, marked for the load client.

    Args:
        run_id: its run.
        number: 0 for the run's first piece.
        now_us: when it is produced, microseconds since 1970.
    """
    data = '{"text":"~t:' + f"{now_us:016d}:{number:08d}~"
    event = _HEAD % (run_id, "text.delta", number + 1, data)
    return (event[:-1] + " and so on" * 30)[: EVENT_BYTES - 3].encode() + b'"}}'


def shuffled(runs: list[str], seed: int = 1) -> Iterator[str]:
    """Give all runs once, then again in another order, for ever."""
    chance, turn = random.Random(seed), list(runs)
    while True:
        chance.shuffle(turn)
        yield from turn


def start_runs(log: KafkaLog, runs: list[str]) -> None:
    """Write the first event of each, so that they can be subscribed to."""
    append(log, ((run_id, started(run_id)) for run_id in runs))


def append(log: KafkaLog, events: Iterator[tuple[str, bytes]]) -> None:
    """Write events as fast as the broker takes them."""
    writer = log.writer("benchmark")
    for run_id, value in events:
        while True:
            try:
                writer.append(log.settings.topics.events, run_id.encode(), value)
                break
            except BufferFull:
                writer.poll(0.1)
    writer.close(timeout_s=60)


def interleaved(lengths: dict[str, int], seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Give runs of these lengths, their events mixed evenly; the first of each starts it."""
    chance = random.Random(seed)
    places = sorted(
        ((number + chance.random()) / length, run_id, number)
        for run_id, length in lengths.items()
        for number in range(length)
    )
    yield from ((run_id, started(run_id)) for run_id in lengths)
    for _, run_id, number in places:
        yield run_id, delta(run_id, number, time.time_ns() // 1_000)
