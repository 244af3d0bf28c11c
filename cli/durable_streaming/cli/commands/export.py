"""`durable export`: the log as files for evaluation."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from durable_streaming.cli.exits import CliError
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit, stderr


class ExportFormat(StrEnum):
    """What the files are."""

    ndjson = "ndjson"
    parquet = "parquet"


def export(
    to: Annotated[Path, typer.Option("--to", help="Folder to write into.")],
    format_: Annotated[ExportFormat, typer.Option("--format")] = ExportFormat.ndjson,
    data_dir: DataDir = None,
) -> None:
    """Write runs, events and reconciliations, straight from the topic's beginning."""
    from rich.progress import Progress

    from durable_streaming.cli.stack import find_stack
    from durable_streaming.evaluation import export_runs, read_runs
    from durable_streaming.eventlog import KafkaLog

    stack = find_stack(data_dir)
    with Progress(console=stderr, transient=True) as progress:
        task = progress.add_task("reading the log", total=None)
        runs = read_runs(
            KafkaLog(stack.kafka),
            stack.kafka.topics,
            on_progress=lambda done, of: progress.update(task, completed=done, total=of),
        )
        try:
            rows = export_runs(runs, to, format_.value)
        except OSError as error:
            raise CliError(f"can't write into {to}: {error}") from error
    emit({"to": str(to), "format": format_.value, **rows})
