"""`python -m benchmarks.fold`: the contenders in turn, on the same records of the same broker."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from durable_streaming.eventlog import BufferFull, KafkaLog

from ..broker import kafka, topics
from .contenders import Contender, Figures, available
from .records import RUN_EVENTS, records

PARTITIONS = 4


def main() -> None:
    """Measure, print a table, write JSON where asked."""
    arguments = _parse()
    contenders = available(_report)
    measured: list[Figures] = []
    with kafka() as bootstrap:
        for active_runs in arguments.active_runs:
            # With fewer, most of what is measured would be starts of runs that never end.
            events = max(arguments.events, active_runs * RUN_EVENTS)
            for turn in range(arguments.rounds):
                # Anew each time: contenders remember in the broker what they have read.
                with topics(bootstrap, partitions=PARTITIONS) as log:
                    _fill(log, events, active_runs)
                    for contender in contenders:
                        measured.append(_measure(contender, log, events, active_runs, turn))
    for active_runs in arguments.active_runs:
        print(_table([f for f in measured if f.active_runs == active_runs], active_runs))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(_report_of(measured), indent=2) + "\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fold", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=300_000, help="at least; a run's whole life for each slot"
    )
    parser.add_argument("--active-runs", type=int, nargs="+", default=[100, 5_000])
    parser.add_argument("--rounds", type=int, default=1, help="turns of each; medians are shown")
    parser.add_argument("--json", help="file to write all figures to")
    return parser.parse_args()


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def _fill(log: KafkaLog, count: int, active_runs: int) -> None:
    writer, topic = log.writer("benchmark"), log.settings.topics.events
    for key, value in records(count, active_runs=active_runs):
        while True:
            try:
                writer.append(topic, key, value)
                break
            except BufferFull:
                writer.poll(0.1)
    writer.close(timeout_s=60)


def _measure(
    contender: Contender, log: KafkaLog, total: int, active_runs: int, turn: int
) -> Figures:
    figures = contender.run(log.settings, total=total, active_runs=active_runs)
    _report(
        f"{active_runs} active runs, turn {turn + 1}, {contender.name}: "
        f"{figures.cpu_us:.1f} us of CPU an event"
    )
    return figures


def _table(measured: Sequence[Figures], active_runs: int) -> str:
    by_name: dict[str, list[Figures]] = {}
    for figures in measured:
        by_name.setdefault(figures.contender, []).append(figures)
    ours = median(f.per_second for f in by_name["durable-streaming"])
    lines = [
        f"{active_runs} active runs",
        f"{'':20}{'events/s':>12}{'CPU us/event':>14}{'peak RSS MB':>13}{'ours is':>12}",
    ]
    for name, all_figures in by_name.items():
        speed = median(f.per_second for f in all_figures)
        lines.append(
            f"{name:20}{speed:>12,.0f}{median(f.cpu_us for f in all_figures):>14.1f}"
            f"{max(f.peak_rss_mb for f in all_figures):>13.0f}{ours / speed:>11.1f}x"
        )
    return "\n".join(lines) + "\n"


def _report_of(measured: Sequence[Figures]) -> dict[str, object]:
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
            "load_average": os.getloadavg(),
        },
        "figures": [
            {
                "contender": f.contender,
                "active_runs": f.active_runs,
                "events": f.events,
                "seconds": round(f.seconds, 3),
                "events_per_second": round(f.per_second),
                "cpu_us_per_event": round(f.cpu_us, 2),
                "peak_rss_mb": round(f.peak_rss_mb),
            }
            for f in measured
        ],
    }


if __name__ == "__main__":
    main()
