"""`durable up`: broker, processors and gateway in one command."""

import os
import sys
from typing import Annotated

import typer

from durable_streaming.cli.options import DataDir


def up(
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the gateway.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of processors.")] = 1,
    gateways: Annotated[int, typer.Option(min=1, max=64, help="Number of gateways.")] = 1,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all serve.")] = False,
) -> None:
    """Start a broker (unless DURABLE_KAFKA_BOOTSTRAP names one), processors and gateways.

    Prints one line on stdout when all serve: ready gateway=URL kafka=HOST:PORT.
    """
    from durable_streaming.cli.exits import CliError
    from durable_streaming.cli.stack import chosen_data_dir
    from durable_streaming.cli.supervisor.detach import start_detached
    from durable_streaming.cli.supervisor.plan import Plan
    from durable_streaming.cli.supervisor.supervisor import Supervisor

    plan = Plan(
        chosen_data_dir(data_dir),
        port,
        workers,
        gateways,
        os.environ.get("DURABLE_KAFKA_BOOTSTRAP") or None,
    )
    try:
        plan.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"can't make {plan.data_dir}: {error.strerror}") from error
    if detach:
        _say(start_detached(plan))
        return
    for run in Supervisor(plan).run():
        _say(f"ready gateway={run.gateway_url} kafka={run.kafka_bootstrap}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
