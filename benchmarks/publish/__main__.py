"""`python -m benchmarks.publish`: the contenders in turn, each in a process of its own.

Ends with 1 where the SDK takes more of a process's CPU than is promised.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from durable_streaming.eventlog import KafkaSettings

from ..broker import kafka, topics

PARTITIONS: Final = 4
_ROOT: Final = Path(__file__).parents[2]
_TIMEOUT_S: Final = 240
_BASE: Final = "loop with the codec and reports"


class Contender(NamedTuple):
    """One way to publish; `at_most` of the base loop's CPU is promised of it."""

    module: str
    way: str
    at_most: float | None = None


CONTENDERS: Final = {
    "bare produce loop": Contender("loops", "bare"),
    _BASE: Contender("loops", "coded"),
    "SDK, one event a delta": Contender("ours", "deltas", at_most=2.0),
    "SDK, any other event": Contender("ours", "events"),
    "SDK, merging, a token": Contender("ours", "tokens", at_most=0.2),
}

Figures = Mapping[str, float]


def main() -> int:
    """Measure, print a table, write JSON where asked; 0 where all promises are kept."""
    arguments = _parse()
    rounds: dict[str, list[Figures]] = {name: [] for name in CONTENDERS}
    with kafka() as bootstrap:
        for turn in range(arguments.rounds):
            for name, contender in CONTENDERS.items():
                with topics(bootstrap, partitions=PARTITIONS) as log:
                    figures = _measure(contender, log.settings, arguments.count)
                rounds[name].append(figures)
                print(f"turn {turn + 1}, {name}: {_cpu_us(figures):.1f} us", file=sys.stderr)
    print(_table(rounds))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(_report(rounds), indent=2) + "\n")
    return 0 if all(_is_kept(name, rounds) for name in rounds) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="tokens, each an event or not")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each; medians are shown")
    parser.add_argument("--json", help="file to write all figures to")
    return parser.parse_args()


def _measure(contender: Contender, settings: KafkaSettings, count: int) -> Figures:
    done = subprocess.run(
        [
            *(sys.executable, "-m", f"benchmarks.publish.{contender.module}"),
            *(contender.way, settings.topics.events, str(count)),
        ],
        cwd=_ROOT,
        env=os.environ
        | {
            "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
        },
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{contender} failed: {done.stderr.decode(errors='replace')[-2_000:]}")
    figures: Figures = json.loads(done.stdout)
    return figures


def _cpu_us(figures: Figures) -> float:
    return figures["cpu_seconds"] / figures["count"] * 1e6


def _thread_us(figures: Figures) -> float:
    return figures["main_thread_seconds"] / figures["count"] * 1e6


def _ratio(name: str, rounds: Mapping[str, Sequence[Figures]]) -> float:
    """Give the median of what a contender takes of the base loop's CPU in the same round."""
    pairs = zip(rounds[name], rounds[_BASE], strict=True)
    return median(_cpu_us(ours) / _cpu_us(base) for ours, base in pairs)


def _is_kept(name: str, rounds: Mapping[str, Sequence[Figures]]) -> bool:
    at_most = CONTENDERS[name].at_most
    return at_most is None or _ratio(name, rounds) <= at_most


def _table(rounds: Mapping[str, Sequence[Figures]]) -> str:
    lines = [
        f"{'':34}{'per second':>12}{'CPU us':>9}{'main thread us':>16}{'RSS MB':>8}{'ratio':>8}"
        f"{'at most':>9}"
    ]
    for name, of_all in rounds.items():
        at_most = CONTENDERS[name].at_most
        lines.append(
            f"{name:34}{median(f['count'] / f['seconds'] for f in of_all):>12,.0f}"
            f"{median(map(_cpu_us, of_all)):>9.2f}{median(map(_thread_us, of_all)):>16.2f}"
            f"{max(f['peak_rss_mb'] for f in of_all):>8.0f}{_ratio(name, rounds):>8.2f}"
            f"{'' if at_most is None else at_most:>9}"
            f"{'' if _is_kept(name, rounds) else '  MISSED'}"
        )
    return "\n".join(lines)


def _report(rounds: Mapping[str, Sequence[Figures]]) -> dict[str, object]:
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
            "load_average": os.getloadavg(),
        },
        "figures": [
            {"contender": name, "turn": turn + 1, **figures}
            for name, of_all in rounds.items()
            for turn, figures in enumerate(of_all)
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
