"""`python -m benchmarks.publish.fleet RUNS RATE SECONDS`: the load of `durable bench publish`."""

import asyncio
import json
import sys

from durable_streaming.cli.load import loop_factory, publish_load
from durable_streaming.eventlog import KafkaSettings


async def main(runs: int, rate: float, seconds: float) -> None:
    """Publish, and print the figures."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    load = await publish_load(KafkaSettings(), runs=runs, rate=rate, stop=stop, show=lambda _: None)
    print(json.dumps(load.as_json()))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
