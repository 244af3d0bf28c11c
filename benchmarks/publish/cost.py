"""What an event and a token cost: the contenders in turn, each in a process of its own."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from ..broker import topics
from .child import Child
from .promise import Promise

PARTITIONS: Final = 4
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
Rounds = Mapping[str, Sequence[Figures]]


def measure(bootstrap: str, rounds: int, count: int) -> Rounds:
    """Let each contender publish `count` tokens, in turn, `rounds` times."""
    measured: dict[str, list[Figures]] = {name: [] for name in CONTENDERS}
    for turn in range(rounds):
        for name, contender in CONTENDERS.items():
            with topics(bootstrap, partitions=PARTITIONS) as log:
                topic = log.settings.topics.events
                child = Child(contender.module, log.settings, contender.way, topic, count)
                measured[name].append(child.result())
            print(f"turn {turn + 1}, {name}: {_cpu_us(measured[name][-1]):.1f} us", file=sys.stderr)
    return measured


def promises(rounds: Rounds) -> Iterator[Promise]:
    """Give what is promised of the contenders."""
    for name, contender in CONTENDERS.items():
        if contender.at_most is not None:
            yield Promise(
                f"{name}: of the base loop's CPU", _ratio(name, rounds), contender.at_most
            )


def table(rounds: Rounds) -> str:
    """Show the medians of the rounds."""
    lines = [
        f"{'':34}{'per second':>12}{'CPU us':>9}{'main thread us':>16}{'RSS MB':>8}{'ratio':>8}"
    ]
    lines += [
        f"{name:34}{median(f['count'] / f['seconds'] for f in of_all):>12,.0f}"
        f"{median(map(_cpu_us, of_all)):>9.2f}{median(map(_thread_us, of_all)):>16.2f}"
        f"{max(f['peak_rss_mb'] for f in of_all):>8.0f}{_ratio(name, rounds):>8.2f}"
        for name, of_all in rounds.items()
    ]
    return "\n".join(lines)


def rows(rounds: Rounds) -> list[dict[str, Any]]:
    """Give the figures of every turn."""
    return [
        {"contender": name, "turn": turn + 1, **figures}
        for name, of_all in rounds.items()
        for turn, figures in enumerate(of_all)
    ]


def _cpu_us(figures: Figures) -> float:
    return figures["cpu_seconds"] / figures["count"] * 1e6


def _thread_us(figures: Figures) -> float:
    return figures["main_thread_seconds"] / figures["count"] * 1e6


def _ratio(name: str, rounds: Rounds) -> float:
    """Give the median of what a contender takes of the base loop's CPU in the same round."""
    pairs = zip(rounds[name], rounds[_BASE], strict=True)
    return median(_cpu_us(ours) / _cpu_us(base) for ours, base in pairs)
