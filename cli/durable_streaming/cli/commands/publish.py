"""`durable publish`: events as lines of JSON."""

from pathlib import Path
from typing import Annotated

import typer

from durable_streaming.cli.exits import FAILED, CliError, UnreachableError
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit


def publish(
    file: Annotated[Path, typer.Argument(help="JSONL file, or - for stdin.")] = Path("-"),
    data_dir: DataDir = None,
) -> None:
    """Publish {"run_id", "type", "data"} lines; prints one outcome a line, in order.

    A run that exists is taken over; one that has ended refuses. Exit 1 where a line was not ok.
    """
    import sys
    from contextlib import nullcontext

    from durable_streaming.cli.stack import find_stack
    from durable_streaming.producers.errors import LogFailed
    from durable_streaming.producers.lines import read_lines
    from durable_streaming.producers.publish import publish_lines

    stack = find_stack(data_dir)
    try:
        source = nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise CliError(f"can't read {file}: {error.strerror}") from error
    all_ok = True
    try:
        with source as stream:
            for outcome in publish_lines(read_lines(stream), settings=stack.kafka):
                all_ok = all_ok and outcome.outcome == "ok"
                emit(outcome.as_json())
    except LogFailed as error:
        raise UnreachableError(str(error)) from error
    if not all_ok:
        raise typer.Exit(FAILED)
