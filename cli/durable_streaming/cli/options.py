"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The stack's data directory (DURABLE_DATA_DIR)."),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]
