"""`durable status`: what runs."""

import typer

from durable_streaming.cli.exits import FAILED
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit, is_terminal, print_table


def status(data_dir: DataDir = None) -> None:
    """Say which processes run and whether they serve; exit 1 where one of them doesn't."""
    from durable_streaming.cli.client import GatewayClient
    from durable_streaming.cli.exits import UnreachableError
    from durable_streaming.cli.stack import RunFile, chosen_data_dir
    from durable_streaming.cli.supervisor.processes import is_alive

    folder = chosen_data_dir(data_dir)
    run = RunFile.read(folder)
    if run is None:
        raise UnreachableError(f"nothing runs over {folder}: start it with `durable up`")
    rows = [(p.role, p.pid, "running" if is_alive(p) else "dead") for p in run.processes]
    serving = []
    for url in run.gateway_urls:
        with GatewayClient(url) as gateway:
            serving.append((url, gateway.is_ready()))
    if is_terminal():
        print_table(("role", "pid", "state"), rows)
        print_table(("gateway", "ready"), serving)
    else:
        emit(
            {
                "processes": [{"role": r, "pid": p, "state": s} for r, p, s in rows],
                "gateways": [{"url": url, "ready": ready} for url, ready in serving],
                "kafka_bootstrap": run.kafka_bootstrap,
            }
        )
    if not all(state == "running" for _, _, state in rows) or not all(r for _, r in serving):
        raise typer.Exit(FAILED)
