"""`python -m benchmarks.publish.agents RATE WARM_UP_S SECONDS`: agents think, then stream.

The first delta of each run is the time of its call: nanoseconds of the machine's monotonic clock.
"""

import asyncio
import json
import random
import sys
import time
from typing import Final

from durable_streaming.producers import AgentProducer, ProducerOptions

_PAUSE_S: Final = 1 / 30
_THINK_S: Final = 1.5
_DELTAS: Final = 45


async def main(rate: int, warm_up_s: float, seconds: float) -> None:
    """Publish, and print how many deltas a second there were after the warm-up."""
    deltas = 0
    warm_s = time.monotonic() + warm_up_s

    async def work(producer: AgentProducer) -> None:
        nonlocal deltas
        # Not all at once, now or later.
        await asyncio.sleep(random.random() * (_THINK_S + _DELTAS * _PAUSE_S))
        while time.monotonic() < warm_s + seconds:
            async with producer.run(agent="benchmark") as run:
                await asyncio.sleep(_THINK_S)
                due_s = time.monotonic()
                for number in range(_DELTAS):
                    run.text("and on " if number else f"{time.monotonic_ns()} ")
                    deltas += warm_s <= due_s < warm_s + seconds
                    due_s += _PAUSE_S
                    await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    agents = round(rate * (_THINK_S / _DELTAS + _PAUSE_S))
    options = ProducerOptions(check_takeover=False)
    async with AgentProducer(options=options) as producer, asyncio.TaskGroup() as group:
        for _ in range(agents):
            group.create_task(work(producer))
    print(json.dumps({"per_second": deltas / seconds}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
