"""Faust as its documentation shows it: an agent that writes one table entry an event."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import faust
import msgspec

from .meter import Meter


async def main(bootstrap: str, topic: str, total: int, directory: Path) -> None:
    """Count the events of each run in a table."""
    app = faust.App(
        f"{topic}-plain-faust",
        broker=f"kafka://{bootstrap}",
        datadir=str(directory),
        store="memory://",
        # It must not wait for the partitions' other replicas, of which there are none.
        table_standby_replicas=0,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        autodiscover=False,
    )
    counts = app.Table("counts", key_type=bytes, value_type=int, default=int, partitions=4)
    decode = msgspec.json.Decoder().decode
    seen = 0

    @app.agent(app.topic(topic, key_type=bytes, value_type=bytes, value_serializer="raw"))
    async def count(stream: Any) -> None:
        nonlocal seen
        async for key, value in stream.items():
            event = decode(value)
            counts[key] = event["seq"]
            seen += 1

    app.in_worker = True
    Meter(total, lambda: seen).start()
    await app.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
