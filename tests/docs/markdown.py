"""Reading fenced blocks and tables out of a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"

_FENCE = re.compile(r"^```(\w+)(?: (.+))?$")
_CODE = re.compile(r"`([^`]+)`")
_COPIES = re.compile(r"⟨([0-9]+) \* (.+?)⟩")


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        line: of its fence, from 1, so that a failure says where.
        tag: the words behind the language.
    """

    line: int
    language: str
    tag: list[str]
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {' '.join(self.tag)}"

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.split("\n") if line]

    @property
    def joined(self) -> str:
        """The text as one line, as it would be stored; copies are written out."""
        one_line = re.sub(r"\n *", " ", self.text)
        return _COPIES.sub(lambda copies: int(copies[1]) * copies[2], one_line)


def blocks(text: str, kind: str) -> list[Block]:
    """All blocks whose tag begins with a word."""
    return [block for block in _blocks(text) if block.tag[:1] == [kind]]


def _blocks(text: str) -> Iterator[Block]:
    opened: tuple[int, re.Match[str]] | None = None
    content: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if opened is None:
            fence = _FENCE.match(line)
            if fence is not None:
                opened, content = (number, fence), []
        elif line == "```":
            at, fence = opened
            yield Block(at, fence[1], (fence[2] or "").split(), "\n".join(content))
            opened = None
        else:
            content.append(line)
    assert opened is None, f"the block of line {opened} is never closed"


def table(text: str, *columns: str) -> list[dict[str, str]]:
    """The rows of the one table that has these columns, by column."""
    header = "| " + " | ".join(columns) + " |"
    lines = text.split("\n")
    assert lines.count(header) == 1, f"{lines.count(header)} tables {header}"
    rows = []
    for line in lines[lines.index(header) + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line[1:-1].split(" |")]
        assert len(cells) == len(columns), line
        rows.append(dict(zip(columns, cells, strict=True)))
    return rows


def codes(cell: str) -> list[str]:
    """What stands in backticks in a cell."""
    return _CODE.findall(cell)
