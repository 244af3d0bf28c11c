"""This project's processors: validation, the full fold, transactions, the local store."""

import asyncio
import sys

from durable_streaming.processors import worker
from durable_streaming.processors.app import create_processor
from durable_streaming.processors.ending import end_process
from durable_streaming.processors.settings import ProcessorSettings

from .meter import Meter


async def main(total: int) -> None:
    """Fold and commit `total` records; the environment says where."""
    processor = create_processor(ProcessorSettings(), on_failure=end_process)
    ownership = processor.ownership
    Meter(
        total,
        lambda: sum(owner.next_offset for owner in ownership),
        lambda: sum(owner.committed for owner in ownership),
    ).start()
    await worker.serve(processor, asyncio.Event())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=worker.loop_factory()) as runner:
        runner.run(main(int(sys.argv[3])))
