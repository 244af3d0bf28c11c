"""`python -m benchmarks.fanout`: the contenders in turn, on one topic of one broker."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaLog

from ..broker import kafka, topics
from .client import NoCompilerError, build
from .contenders import BARE, OURS, Contender, Site, available
from .scenarios import Load, catch_up, deliver, idle, interleave

PARTITIONS: Final = 4
IDLE_SOCKETS: Final = 5_000
CONNECTING: Final = 1_000

# A young broker compiles itself while it serves, and holds up everybody.
_BROKER_S: Final = 8.0

LOADS: Final = {
    **{f"{rate // 1000}k": Load(200, 5, rate) for rate in (20_000, 40_000, 80_000, 120_000)},
    "one-run": Load(1, 1_000, 100_000),
}
OTHERS: Final = ("idle", "catch-up", "interleaved")

_TITLE = (
    f"{'':20}{'reached/s':>11}{'CPU s/million':>15}{'server':>8}{'client':>8}"
    f"{'p50 ms':>9}{'p99':>8}{'p99.9':>8}{'lost':>8}"
)


def main() -> None:
    """Measure, print tables, write JSON where asked."""
    arguments = _parse()
    try:
        build()
    except NoCompilerError as error:
        sys.exit(str(error))
    contenders = [
        contender
        for contender in available(_say)
        if not arguments.contenders or contender.name in arguments.contenders
    ]
    measured: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="durable-benchmark-") as directory, kafka() as address:
        with topics(address, partitions=PARTITIONS) as log:
            site = Site(log.settings, free_port(), Path(directory))
            if any(name in LOADS for name in arguments.only):
                _say("warming the broker up")
                deliver(BARE, site, log, LOADS["20k"], seconds=_BROKER_S)
            for name in (n for n in arguments.only if n in LOADS):
                found = _deliveries(name, contenders, site, log, arguments)
                measured += found
                print(_table(name, found), flush=True)
            if "idle" in arguments.only:
                measured += _idle(contenders, site, log)
        if OURS in contenders:
            for scenario, measure in (("catch-up", _catch_up), ("interleaved", _interleaved)):
                if scenario in arguments.only:
                    with topics(address, partitions=PARTITIONS) as log:
                        site = Site(log.settings, free_port(), Path(directory) / scenario)
                        site.directory.mkdir()
                        measured.append(measure(site, log))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(_report(measured), indent=2) + "\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*LOADS, *OTHERS], default=[*LOADS, *OTHERS])
    parser.add_argument("--contenders", nargs="+", metavar="NAME", help="as in the tables")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=1, help="turns of each load")
    parser.add_argument("--json", help="file to write all figures to")
    return parser.parse_args()


def _deliveries(
    name: str,
    contenders: Sequence[Contender],
    site: Site,
    log: KafkaLog,
    arguments: argparse.Namespace,
) -> list[dict[str, Any]]:
    headers = any(contender.name == "Centrifugo" for contender in contenders)
    found = []
    for turn in range(arguments.rounds):
        for contender in contenders:
            _say(f"{name}, turn {turn + 1}: {contender.name}")
            figures = deliver(
                contender, site, log, LOADS[name], seconds=arguments.seconds, headers=headers
            )
            found.append(_row(name, contender, figures._asdict()))
    return found


def _idle(contenders: Sequence[Contender], site: Site, log: KafkaLog) -> list[dict[str, Any]]:
    found = []
    for contender in contenders:
        memory = idle(contender, site, log, IDLE_SOCKETS)
        connects = idle(contender, site, log, CONNECTING)
        print(
            f"{contender.name}: {memory.kb:.1f} KiB for each of {memory.sockets:,} idle sockets; "
            f"{connects.sockets:,} subscribed within {connects.connected_s:.2f} s",
            flush=True,
        )
        found += [_row("idle", contender, figures._asdict()) for figures in (memory, connects)]
    return found


def _catch_up(site: Site, log: KafkaLog) -> dict[str, Any]:
    found = catch_up(site, log, runs=10, viewers=1_000)
    print(
        f"catch-up of 5,000 events: one viewer {median(found.one_s) * 1e3:.1f} ms "
        f"(worst of {len(found.one_s)}: {max(found.one_s) * 1e3:.1f}), "
        f"1,000 viewers of 10 runs {found.crowd_s:.2f} s, wrong or missing {found.wrong}",
        flush=True,
    )
    return _row("catch-up", OURS, found._asdict())


def _interleaved(site: Site, log: KafkaLog) -> dict[str, Any]:
    found = interleave(site, log, runs=9, others=1_000)
    print(
        f"replay of 5,000 events among 1,000 other runs: {median(found.among_s) * 1e3:.1f} ms, "
        f"alone {median(found.alone_s) * 1e3:.1f} ms, ratio {found.ratio:.2f}, "
        f"wrong or missing {found.wrong}",
        flush=True,
    )
    return _row("interleaved", OURS, found._asdict())


def _row(scenario: str, contender: Contender, figures: dict[str, Any]) -> dict[str, Any]:
    about = {"scenario": scenario, "contender": contender.name, "load_average": os.getloadavg()}
    return about | figures


def _table(name: str, found: Sequence[dict[str, Any]]) -> str:
    load = LOADS[name]
    lines = [
        f"{load.runs} runs x {load.viewers_a_run} viewers, {load.per_second:,} deliveries a second",
        _TITLE,
    ]
    for contender in dict.fromkeys(row["contender"] for row in found):
        rows = [row for row in found if row["contender"] == contender]

        def middle(key: str, rows: Sequence[dict[str, Any]] = rows) -> float:
            return float(median(row[key] for row in rows))

        lost = [row["lost"] for row in rows]
        wrong = sum(sum(row["wrong"].values()) for row in rows)
        lines.append(
            f"{contender:20}{middle('reached'):>11,.0f}{middle('cpu'):>15.2f}"
            f"{middle('server_busy'):>8.0%}{middle('client_busy'):>8.0%}"
            f"{middle('p50_ms'):>9.1f}{middle('p99_ms'):>8.1f}{middle('p999_ms'):>8.1f}"
            f"{'behind' if None in lost else sum(lost):>8}" + (f"  {wrong} wrong" if wrong else "")
        )
    return "\n".join(lines) + "\n"


def _report(measured: Sequence[dict[str, Any]]) -> dict[str, object]:
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "figures": list(measured),
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
