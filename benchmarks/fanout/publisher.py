"""`python -m benchmarks.fanout.publisher`: writes events at a steady rate, in a process apart.

Prints a line when it can begin, begins at a line on stdin, and prints how many events each run
got when all are in the log.
"""

import argparse
import json
import sys
import time
from typing import Final

from confluent_kafka import Producer

from .events import CHANNELS_HEADER, delta, run_ids, shuffled

Headers = dict[str, str | bytes | None] | None

# So many times a second the events that are due are written.
_TICK_S: Final = 0.005


def main() -> None:
    """Write whole rounds over the runs, until the time is over."""
    arguments = _parse()
    runs = run_ids(arguments.prefix, arguments.runs)
    total = int(arguments.per_second * arguments.seconds) // len(runs) * len(runs)
    producer = Producer(
        {
            "bootstrap.servers": arguments.bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            # Sent again, records must be neither doubled nor out of order: it would be counted as
            # the contender's fault.
            "enable.idempotence": True,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.list_topics(arguments.topic, timeout=30)
    numbers, order = dict.fromkeys(runs, 0), shuffled(runs)
    print("ready", flush=True)
    sys.stdin.readline()
    began, written = time.monotonic(), 0
    while written < total:
        due = min(total, int((time.monotonic() - began) * arguments.per_second))
        now_us = time.time_ns() // 1_000
        for run_id in (next(order) for _ in range(due - written)):
            value = delta(run_id, numbers[run_id], now_us)
            numbers[run_id] += 1
            headers: Headers = {CHANNELS_HEADER: run_id} if arguments.headers else None
            producer.produce(arguments.topic, value, run_id, headers=headers)
        written = due
        producer.poll(_TICK_S)
    left = producer.flush(30)
    seconds = time.monotonic() - began
    print(json.dumps({"each": total // len(runs), "lost": left, "seconds": seconds}), flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout.publisher")
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("prefix", help="of the runs' ids")
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--per-second", type=float, required=True, help="events of all runs")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--headers", action="store_true", help="name the run in a header, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
