"""The demo's table of runs: live on a terminal, a line for each change elsewhere."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from examples.kafka_guide.fleet import Progress

_STYLES = {
    "completed": "green",
    "reconciled": "green",
    "running": "yellow",
    "failed": "red",
    "diverged": "red",
    "incomplete": "red",
}


@dataclass(slots=True)
class _Row:
    question: str
    run_id: str | None = None
    status: str = "waiting"
    step: str = ""
    events: int = 0
    verdict: str = ""


class RunTable:
    """What a person sees of the fleet; what it says of runs is what the gateway says.

    Attributes:
        completed: set once all runs have verdicts.
    """

    def __init__(self, questions: Sequence[str]) -> None:
        self._rows = {question: _Row(question) for question in questions}
        self.completed = asyncio.Event()
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    @property
    def failures(self) -> int:
        """Number of runs that did not end as they should."""
        return sum(
            row.status != "completed" or row.verdict != "reconciled" for row in self._rows.values()
        )

    def say(self, text: str) -> None:
        """Show a line above the table."""
        self._console.print(text, soft_wrap=True)

    def progress(self, progress: Progress) -> None:
        """Take what the fleet says of one question: its run and its step."""
        row = self._rows[progress.question]
        row.run_id, row.step = progress.run_id, progress.stage
        self._show(row)

    def update(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Take the gateway's run list."""
        by_id = {run["run_id"]: run for run in runs}
        for row in self._rows.values():
            found = by_id.get(row.run_id)
            if found is None:
                continue
            before = (row.status, row.verdict)
            row.status, row.events = found["status"], found["events"]
            row.verdict = found["verdict"] or ""
            if (row.status, row.verdict) != before:
                self._show(row)
        if all(row.verdict for row in self._rows.values()):
            self.completed.set()
        if self._console.is_terminal:
            self._live.update(self._table(), refresh=True)

    def print_summary(self) -> None:
        """Print the table as it stands, on stdout."""
        Console(file=sys.stdout, highlight=False).print(self._table())

    def _show(self, row: _Row) -> None:
        if self._console.is_terminal:
            self._live.update(self._table(), refresh=True)
        else:
            self._console.print(
                f"{row.status:<10} {row.step:<10} {row.events:>4} events  "
                f"{row.verdict or '-':<11} {row.question}",
                soft_wrap=True,
            )

    def _table(self) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("question", "status", "step", "events", "verdict"):
            table.add_column(column, justify="right" if column == "events" else "left")
        for row in self._rows.values():
            table.add_row(
                Text(row.question),
                Text(row.status, _STYLES.get(row.status, "dim")),
                Text(row.step),
                str(row.events),
                Text(row.verdict, _STYLES.get(row.verdict, "yellow")),
            )
        return table
