"""`python -m benchmarks.reconnect`: viewers come and go while gateways are killed, then compared.

Two gateways on one log, a publisher that never pauses, and viewers, half on WebSockets and half on
server-sent events, that leave at random moments without a word and go on at either gateway with the
token of the last frame they saw. The exit code is the result.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaLog
from tests.gateway.builders import Writer
from tests.gateway.processes import GatewayProcess
from tests.gateway.reconnects import Follower, Publishing, compare, offsets_in_log

from .broker import kafka, topics

PARTITIONS = 4
RUNS = [f"run-{number}" for number in range(4)]
_LOOK_S = 0.1
_REST_S = 120


def main() -> int:
    """Run the campaign; 0 where nobody missed an event, or saw one twice or too early."""
    arguments = _parse()
    with (
        kafka() as bootstrap,
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-reconnect-") as directory,
    ):
        gateways = [
            GatewayProcess(Path(directory) / name, log.settings, free_port()) for name in "ab"
        ]
        try:
            for gateway in gateways:
                gateway.start()
            return asyncio.run(_campaign(log, gateways, arguments))
        finally:
            for gateway in gateways:
                gateway.stop()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reconnect", description=__doc__)
    parser.add_argument("--reconnects", type=int, default=10_000, help="at least")
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs of a gateway")
    parser.add_argument("--viewers", type=int, default=24)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    return parser.parse_args()


async def _campaign(
    log: KafkaLog, gateways: list[GatewayProcess], arguments: argparse.Namespace
) -> int:
    dice = random.Random(arguments.seed)
    followers = [
        Follower(
            RUNS[n % len(RUNS)], n // len(RUNS) % 2 == 1, lambda: dice.choice(gateways).port, dice
        )
        for n in range(arguments.viewers)
    ]
    ends: dict[str, int] = {}

    def is_done(follower: Follower) -> bool:
        end = ends.get(follower.run_id)
        return end is not None and bool(follower.seen) and follower.seen[-1] >= end

    def reconnects() -> int:
        return sum(follower.reconnects for follower in followers)

    async def until(count: int) -> None:
        # A viewer that failed ends the campaign.
        while reconnects() < count and not following.done():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

    began = time.monotonic()
    away: list[float] = []
    writer = Writer(log, log.settings.topics)
    with Publishing(writer, RUNS):
        following = asyncio.gather(*(follower.follow(is_done) for follower in followers))
        for number in range(arguments.kills):
            due = (number + 1) * arguments.reconnects // (arguments.kills + 1)
            await until(due)
            gateway = gateways[number % 2]
            gateway.kill()
            killed = time.monotonic()
            await asyncio.to_thread(gateway.start)
            away.append(time.monotonic() - killed)
        await until(arguments.reconnects)
    writer.close()
    logged = await asyncio.to_thread(offsets_in_log, log, RUNS, PARTITIONS)
    ends |= {run_id: offsets[-1] for run_id, offsets in logged.items()}
    async with asyncio.timeout(_REST_S):
        await following
    verdict = compare(followers, logged)
    over_sse = sum(follower.reconnects for follower in followers if follower.over_sse)
    figures = {
        "reconnects": reconnects(),
        "over_sse": over_sse,
        "kills": len(away),
        "restart_s_max": round(max(away, default=0.0), 2),
        "seconds": round(time.monotonic() - began),
        "logged": sum(map(len, logged.values())),
        "seen": verdict.events,
        "missed": verdict.missed,
        "repeated": verdict.repeated,
        "out_of_order": verdict.out_of_order,
    }
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures))
    return 0 if verdict.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
