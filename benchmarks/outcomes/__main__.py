"""`python -m benchmarks.outcomes`: brokers killed and connections cut under a publishing SDK.

In every other round of kills the producer is closed while the broker is away, so that what it knows
nothing of stays unknown, and another one takes its runs over. What a broker refuses is appended
while answers are lost, too. In the end the log is read from its beginning: every `ok` must be at
its place, no `failed` may be there, every `unknown` folds at most once, and no run has a gap in its
seqs.
"""

import argparse
import json
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without saying so
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from durable_streaming.eventlog import Failed, KafkaSettings
from durable_streaming.localkafka import LocalKafka
from tests.producers.proxy import KafkaProxy

from ..broker import topics
from .check import Said, check
from .fleet import Fleet, wait

PARTITIONS: Final = 4
_EVENTS_A_CUT: Final = 10
# What the client batches of ordinary events is compressed to far less than the limit.
_LIMIT_BYTES: Final = 500_000
_BEYOND_BYTES: Final = 600_000


def main() -> int:
    """Run the campaign; 0 where every promise was kept."""
    arguments = _parse()
    with tempfile.TemporaryDirectory(prefix="durable-outcomes-") as directory:
        broker = LocalKafka(Path(directory))
        broker.start()
        try:
            with topics(broker.bootstrap, partitions=PARTITIONS) as log:
                said = kill_brokers(broker, log.settings, arguments.kills, arguments.seed)
                said += cut_connections(log.settings, arguments.cuts)
                said += be_refused(log.settings, arguments.refusals)
                broken = check(said, log)
        finally:
            broker.stop()
    outcomes = Counter(type(one.outcome).__name__.lower() for one in said)
    counts = {name: getattr(arguments, name) for name in ("kills", "cuts", "refusals")}
    print(f"{counts}, {len(said):,} events: {dict(outcomes)}")
    print(f"{len(broken)} promises broken", *broken[:20], sep="\n  ")
    if arguments.json:
        form = {"load_average": os.getloadavg(), **counts, **outcomes, "broken": len(broken)}
        Path(arguments.json).write_text(json.dumps(form, indent=2) + "\n")
    return 1 if broken else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outcomes", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs of the broker")
    parser.add_argument("--cuts", type=int, default=200, help="answers lost with their connection")
    parser.add_argument("--refusals", type=int, default=40, help="events that the broker refuses")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", help="file to write the figures to")
    return parser.parse_args()


def kill_brokers(broker: LocalKafka, settings: KafkaSettings, kills: int, seed: int) -> list[Said]:
    """Kill the broker again and again under a fleet that streams."""
    chance = random.Random(seed)
    fleet = Fleet(settings, "killed")
    for number in range(kills):
        fleet.settle()
        with fleet.streaming():
            time.sleep(chance.uniform(0.3, 1.5))
            os.kill(broker.pid, signal.SIGKILL)
            broker.wait()
            time.sleep(chance.uniform(0.1, 2.0))
            if number % 2 == 0:
                broker.start()
        if number % 2:
            fleet.replace_producer(meanwhile=broker.start)
        print(f"kill {number + 1}: {len(fleet.said):,} events so far", file=sys.stderr)
    fleet.finish()
    return fleet.said


def cut_connections(settings: KafkaSettings, cuts: int) -> list[Said]:
    """Lose the answer to a request that the broker has carried out, again and again."""
    with KafkaProxy(settings.kafka_bootstrap) as proxy:
        through = settings.model_copy(update={"kafka_bootstrap": proxy.bootstrap})
        fleet = Fleet(through, "cut")
        fleet.settle()
        for cut in range(cuts):
            proxy.lose_answer()
            for _ in range(_EVENTS_A_CUT):
                fleet.append()
            wait(lambda: proxy.lost > cut)  # noqa: B023
        print(f"{proxy.lost} answers lost", file=sys.stderr)
        fleet.finish()
    return fleet.said


def be_refused(settings: KafkaSettings, refusals: int) -> list[Said]:
    """Append what is too large for the topic, every other time with the broker's answer lost."""
    _lower_limit(settings)
    with KafkaProxy(settings.kafka_bootstrap) as proxy:
        through = settings.model_copy(update={"kafka_bootstrap": proxy.bootstrap})
        fleet = Fleet(through, "refused")
        for number in range(refusals):
            fleet.append()
            fleet.settle()
            if number % 2:
                proxy.lose_answer()
            fleet.append_refused(number, "x.large", secrets.token_urlsafe(_BEYOND_BYTES))
        fleet.finish()
    failed = sum(isinstance(one.outcome, Failed) for one in fleet.said)
    if failed != refusals:
        raise RuntimeError(f"{failed} of {refusals} were refused: nothing was tried")
    return fleet.said


def _lower_limit(settings: KafkaSettings) -> None:
    limit = ConfigEntry(
        "max.message.bytes", str(_LIMIT_BYTES), incremental_operation=AlterConfigOpType.SET
    )
    topic = ConfigResource(ResourceType.TOPIC, settings.topics.events, incremental_configs=[limit])
    client = AdminClient(settings.connection())
    for future in client.incremental_alter_configs([topic]).values():
        future.result(30)


if __name__ == "__main__":
    sys.exit(main())
