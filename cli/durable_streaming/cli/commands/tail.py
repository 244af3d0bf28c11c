"""`durable tail`: follow a run."""

from typing import Annotated, Any

import typer

from durable_streaming.cli.exits import GAP, UsageError
from durable_streaming.cli.options import DataDir, RunId
from durable_streaming.cli.output import note


def tail(
    run_id: RunId,
    after: Annotated[str | None, typer.Option(help="Go on after this token.")] = None,
    from_offset: Annotated[str | None, typer.Option(help="Begin at this offset.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="start (default) or now.")] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", "-f")] = True,
    data_dir: DataDir = None,
) -> None:
    """Print a run's events as they are stored, until the run has ended.

    The connection may break and the gateway restart: nothing is missed, nothing repeated.
    """
    from durable_streaming.cli.client import GatewayClient
    from durable_streaming.cli.events import EventPrinter
    from durable_streaming.cli.following import follow as follow_run
    from durable_streaming.cli.stack import find_stack

    if sum(given is not None for given in (after, from_offset, from_)) > 1:
        raise UsageError("give one of --after, --from-offset and --from")
    if from_ not in (None, "start", "now"):
        raise UsageError("--from takes start or now")
    url = find_stack(data_dir).need_gateway()
    printer = EventPrinter()
    if not follow:
        with GatewayClient(url) as gateway:
            if from_ == "now":
                return
            for entry in stored_events(gateway, run_id, after, from_offset):
                printer.show(entry)
        return
    options = {"after": after, "from_offset": from_offset, "from": from_}
    position = {name: value for name, value in options.items() if value is not None}
    has_gap = False
    for frame in follow_run(url, run_id, position or {"from": "start"}):
        if frame["type"] == "event":
            printer.show(frame)
        elif frame["type"] == "subscribed" and frame["outcome"] == "gap":
            has_gap = True
            note("the run's first records are not kept any more: going on where they begin")
        elif frame["type"] == "closed":
            note(f"run {frame['status']}, verdict {frame['verdict']}")
    if has_gap:
        raise typer.Exit(GAP)


def stored_events(gateway: Any, run_id: str, after: str | None, from_offset: str | None) -> Any:
    """Give the entries that are stored now, page by page."""
    page = gateway.events(run_id, after=after, from_offset=from_offset, limit=5_000)
    while True:
        yield from page["events"]
        if page["caught_up"]:
            return
        page = gateway.events(run_id, after=page["token"], limit=5_000)
