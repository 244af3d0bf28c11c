"""Where output goes: data to stdout, everything else to stderr."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from durable_streaming.schemas import canonical

stderr = Console(stderr=True, highlight=False)
"""For people: progress, notes, errors."""


def is_terminal() -> bool:
    """Say whether a person reads stdout."""
    return sys.stdout.isatty()


def note(text: str) -> None:
    """Tell a person something, on stderr."""
    stderr.print(Text(text))


def emit(value: Any) -> None:
    """Write one line of JSON to stdout, at once."""
    emit_raw(canonical(value))


def emit_raw(line: bytes) -> None:
    """Write one line to stdout as it is, at once."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table for a person."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        # Text, not markup: titles come from agents and may hold brackets and escapes.
        table.add_row(*(printable("" if cell is None else str(cell)) for cell in row))
    Console().print(table)


def printable(text: str) -> Text:
    """Make text safe for a terminal: control characters are shown, not obeyed."""
    shown = "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
    return Text(shown)
