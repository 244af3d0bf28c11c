"""`python -m benchmarks.publish`: what publishing costs, and how soon it is seen.

Ends with 1 where a promise is not kept.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Final

from ..broker import kafka, topics
from . import cost, first_delta
from .child import Child
from .promise import Promise

_FLEET_RUNS: Final = 500
_FLEET_RATE: Final = 30
_FLEET_CPU_PERCENT: Final = 60.0
_DELTAS_PER_SECOND: Final = 1_000
_IMPORT_S: Final = 0.3


def main() -> int:
    """Measure, print tables, write JSON where asked; 0 where all promises are kept."""
    arguments = _parse()
    load_before = os.getloadavg()
    with kafka() as bootstrap:
        rounds = cost.measure(bootstrap, arguments.rounds, arguments.count)
        with topics(bootstrap, partitions=cost.PARTITIONS) as log:
            fleet = Child(
                "fleet", log.settings, _FLEET_RUNS, _FLEET_RATE, arguments.fleet_seconds
            ).result()
            importing = min(Child("importing", log.settings).result()["cpu_seconds"] for _ in "abc")
        delays = first_delta.measure(
            bootstrap, _DELTAS_PER_SECOND, arguments.warm_up_seconds, arguments.delay_seconds
        )
    of_fleet = f"{_FLEET_RUNS} runs at {_FLEET_RATE} deltas a second: % of a core"
    promises = [
        *cost.promises(rounds),
        Promise(of_fleet, fleet["cpu_percent"], _FLEET_CPU_PERCENT),
        Promise("import of the SDK: CPU seconds", importing, _IMPORT_S),
        *first_delta.promises(delays),
    ]
    print(cost.table(rounds), first_delta.table(delays), *promises, sep="\n")
    if arguments.json:
        report = {
            "machine": {
                "cpus": os.cpu_count(),
                "python": platform.python_version(),
                "system": platform.platform(),
                "load_average": {"before": load_before, "after": os.getloadavg()},
            },
            "cost": cost.rows(rounds),
            "fleet": fleet,
            "first_delta": first_delta.row(delays),
            "promises": [one._asdict() | {"is_kept": one.is_kept} for one in promises],
        }
        Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")
    return 0 if all(one.is_kept for one in promises) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="tokens, each an event or not")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each; medians are shown")
    parser.add_argument("--fleet-seconds", type=float, default=20)
    parser.add_argument("--warm-up-seconds", type=float, default=10, help="before delays count")
    parser.add_argument("--delay-seconds", type=float, default=40)
    parser.add_argument("--json", help="file to write all figures to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
