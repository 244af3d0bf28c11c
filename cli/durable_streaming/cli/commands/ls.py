"""`durable ls`: the run list."""

from typing import Annotated

import typer

from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit, is_terminal, print_table

_PAGE = 500


def ls(
    data_dir: DataDir = None,
    status: Annotated[str | None, typer.Option(help="running, completed, failed ...")] = None,
    agent: Annotated[str | None, typer.Option(help="Only runs of this agent.")] = None,
    verdict: Annotated[str | None, typer.Option(help="reconciled, diverged ...")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="At most so many.")] = 100,
) -> None:
    """List runs, newest first: a table, or NDJSON where stdout is no terminal."""
    from durable_streaming.cli.client import GatewayClient
    from durable_streaming.cli.stack import find_stack

    found: list[dict[str, object]] = []
    cursor: str | None = None
    with GatewayClient(find_stack(data_dir).need_gateway()) as gateway:
        while len(found) < limit:
            page = gateway.runs(
                status=status,
                agent=agent,
                verdict=verdict,
                limit=min(_PAGE, limit - len(found)),
                cursor=cursor,
            )
            found += page["runs"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
    if not is_terminal():
        for run in found:
            emit(run)
        return
    print_table(
        ("run", "status", "verdict", "events", "started", "agent", "title"),
        (
            tuple(
                run[name]
                for name in
                ("run_id", "status", "verdict", "events", "started_at", "agent", "title")
            )
            for run in found
        ),
    )  # fmt: skip
