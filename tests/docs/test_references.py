"""Documents point to files and names that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS

ROOT = DOCS.parent
DOCUMENTS = sorted(DOCS.rglob("*.md"))

_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_ANCHOR = re.compile(r"\]\(#([^)]+)\)")
_REFERENCE = re.compile(r"`([\w./-]+/[\w.-]+\.(?:py|js|toml|md))(?:::(\w+))?`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(DOCS)))
def test_what_a_document_points_to_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    gone = [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    for path, name in _REFERENCE.findall(text):
        file = _file(path)
        if file is None:
            gone.append(path)
        elif name and not re.search(rf"\b(?:def|class|function) {name}\b", file.read_text("utf-8")):
            gone.append(f"{path}::{name}")
    headings = {_anchor(line) for line in text.split("\n") if line.startswith("#")}
    gone += [anchor for anchor in _ANCHOR.findall(text) if anchor not in headings]
    assert gone == []


def test_the_design_points_to_many() -> None:
    # The check above is worth nothing where the pattern finds nothing.
    assert len(_REFERENCE.findall((DOCS / "design.md").read_text("utf-8"))) > 80


def _file(path: str) -> Path | None:
    """The file of a path, whole or without the namespace's two folders."""
    folder = path.partition("/")[0]
    for candidate in (ROOT / path, ROOT / folder / "durable_streaming" / path):
        if candidate.is_file():
            return candidate
    return None


def _anchor(heading: str) -> str:
    """A heading's address, as GitHub makes it."""
    words = heading.lstrip("#").strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
