"""`durable replay`: a stored run as it was."""

import time
from datetime import datetime
from typing import Annotated

import typer

from durable_streaming.cli.options import DataDir, RunId

_LONGEST_PAUSE_S = 2.0
"""Nobody wants to watch an agent wait; a longer pause is shown as this one."""


def replay(
    run_id: RunId,
    speed: Annotated[
        float, typer.Option(min=0.0, help="Times as fast as it was; 0: without pauses.")
    ] = 1.0,
    data_dir: DataDir = None,
) -> None:
    """Print a run's stored events at the pace at which they came."""
    from durable_streaming.cli.client import GatewayClient
    from durable_streaming.cli.commands.tail import stored_events
    from durable_streaming.cli.events import EventPrinter
    from durable_streaming.cli.stack import find_stack
    from durable_streaming.schemas import parse_time

    printer = EventPrinter()
    before: datetime | None = None
    with GatewayClient(find_stack(data_dir).need_gateway()) as gateway:
        for entry in stored_events(gateway, run_id, None, None):
            moment = parse_time(entry["event"]["time"])
            if before is not None and speed:
                pause = (moment - before).total_seconds()
                time.sleep(max(0.0, min(pause, _LONGEST_PAUSE_S) / speed))
            before = moment
            printer.show(entry)
