"""Kafka's documentation classes print HTML; this reads it into entries."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from .entries import COMPONENTS, Entry

_SPACE = re.compile(r"\s+")
_BREAKS = frozenset({"p", "li", "ul", "ol", "br", "pre"})
#: A list item that begins with its own label in code font: the list's layout separates label and
#: sentence, which plain text has to do with a colon.
_LABELLED = re.compile(r"^\x00([^\x00]+)\x00 (?=[A-Z])")


class _ConfigPage(HTMLParser):
    """Reads `<h4>name</h4> description <table>facts</table>`, again and again.

    Kafka's descriptions leave `<li>` and `<p>` open and nest paragraphs, so nothing here relies
    on an end tag except those of the headings and tables.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.entries: list[Entry] = []
        self._anchor = ""
        self._name = ""
        self._blocks: list[str] = []
        self._facts: dict[str, str] = {}
        self._fact = ""
        self._buffer: list[str] = []
        self._in_table = False
        self._in_item = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "h4":
            self._buffer = []
            self._blocks, self._facts = [], {}
        elif tag == "a" and not self._blocks:
            self._anchor = dict(attrs).get("id") or self._anchor
        elif tag == "table":
            self._end_block()
            self._in_table = True
        elif tag in {"th", "td"}:
            self._buffer = []
        elif tag in _BREAKS:
            self._end_block()
            self._in_item = tag == "li"
        elif tag == "code" and not self._in_table and self._in_item and not self._written():
            self._buffer.append("\x00")

    def handle_endtag(self, tag: str) -> None:
        if tag == "h4":
            self._name = self._take()
        elif tag == "th":
            self._fact = self._take().rstrip(":").lower()
        elif tag == "td":
            self._facts[self._fact] = self._take()
        elif tag == "table":
            self._in_table = False
            self._end_entry()
        elif tag == "code" and self._buffer[:1] == ["\x00"] and self._buffer.count("\x00") == 1:
            self._buffer.append("\x00")
        elif tag in _BREAKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        self._buffer.append(data)

    def _written(self) -> str:
        return "".join(self._buffer).strip()

    def _take(self) -> str:
        text = _SPACE.sub(" ", "".join(self._buffer)).strip()
        self._buffer = []
        return _LABELLED.sub(r"\1: ", text).replace("\x00", "")

    def _end_block(self) -> None:
        if not self._in_table and (text := self._take()):
            self._blocks.append(text)

    def _end_entry(self) -> None:
        component = COMPONENTS[self._anchor.partition("_")[0]]
        self.entries.append(
            Entry(self._anchor, self._name, (component,), tuple(self._blocks), self._facts)
        )


class _ErrorPage(HTMLParser):
    """Reads the protocol's error table: name, code, retriable, description."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def parse_settings(html: str) -> list[Entry]:
    """Read what a Kafka `...Config` class prints: one entry a setting."""
    page = _ConfigPage()
    page.feed(html)
    return page.entries


def parse_errors(html: str) -> list[Entry]:
    """Read what Kafka's `Errors` class prints: one entry an error that has a description."""
    page = _ErrorPage()
    page.feed(html)
    entries = []
    for row in page.rows:
        if len(row) == 4 and row[3].strip():
            name, code, retriable, text = (_SPACE.sub(" ", cell).strip() for cell in row)
            facts = {"code": code, "retriable": retriable}
            entries.append(Entry(f"errors_{name}", name, ("error",), (text,), facts))
    return entries


def merged(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Keep one entry of those that several components document in the same words."""
    groups: dict[tuple[str, tuple[str, ...], str], list[Entry]] = {}
    for entry in entries:
        key = (entry.name, entry.blocks, entry.facts.get("default", ""))
        groups.setdefault(key, []).append(entry)
    for group in groups.values():
        first = group[0]
        components = tuple(dict.fromkeys(name for entry in group for name in entry.components))
        yield Entry(first.entry_id, first.name, components, first.blocks, first.facts)
