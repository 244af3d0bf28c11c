"""`durable doctor`: is the stack what its promises rest on?"""

from typing import Annotated

import typer

from durable_streaming.cli.exits import FAILED, OK
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit, is_terminal, print_table


def doctor(
    data_dir: DataDir = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Also show the settings in force.")
    ] = False,
) -> None:
    """Check broker, topics, lag, versions and disk; each line ok, warn or fail with the remedy."""
    from durable_streaming.cli.checks import run_checks
    from durable_streaming.cli.stack import chosen_data_dir, find_stack

    stack = find_stack(data_dir)
    found = list(run_checks(stack, chosen_data_dir(data_dir)))
    if settings:
        found += [("ok", "setting", f"{n}={v}") for n, v in stack.kafka.model_dump().items()]
    if is_terminal():
        print_table(("", "check", "result"), found)
    else:
        for state, check, result in found:
            emit({"state": state, "check": check, "result": result})
    raise typer.Exit(FAILED if any(state == "fail" for state, _, _ in found) else OK)
