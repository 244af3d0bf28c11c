"""`durable import`: recorded provider streams as runs."""

from pathlib import Path
from typing import Annotated

import typer

from durable_streaming.cli.exits import CliError, UsageError
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="One chunk a line.")],
    api: Annotated[str, typer.Option(help="The provider's API; auto: told by the file.")] = "auto",
    pace: Annotated[
        str | None,
        typer.Option(metavar="REALTIME", help="REALTIME, or a number of chunks a second."),
    ] = None,
    agent: Annotated[str, typer.Option(help="The name that the runs carry.")] = "import",
    data_dir: DataDir = None,
) -> None:
    """Make a run of each recording; prints {"file", "run_id", "events"} a line."""
    from durable_streaming.cli.stack import find_stack
    from durable_streaming.producers.errors import ProducerError
    from durable_streaming.producers.importer import import_streams

    stack = find_stack(data_dir)
    try:
        for imported in import_streams(
            files, api=api, chunks_per_s=_rate(pace), agent=agent, settings=stack.kafka
        ):
            emit(imported._asdict())
    except OSError as error:
        raise CliError(f"can't read {error.filename}: {error.strerror}") from error
    except ProducerError as error:
        raise CliError(str(error)) from error


def _rate(pace: str | None) -> float | None:
    from durable_streaming.producers.importer import REALTIME_CHUNKS_PER_S

    if pace is None:
        return None
    if pace.upper() == "REALTIME":
        return REALTIME_CHUNKS_PER_S
    try:
        rate = float(pace)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e6:
        raise UsageError("--pace takes REALTIME or a number of chunks a second above 0")
    return rate
