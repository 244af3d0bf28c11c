"""The searchable form of the documentation: one SQLite file with a full-text index."""

import json
import math
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from .entries import Entry
from .question import Question
from .ranking import Hit, rank
from .words import stems

#: Part of the file's name, so that a change of what is stored builds a new file.
FORMAT = 1
#: How many entries the full-text index hands to the ranking. Above the number of entries that
#: share one rare word, far below the whole.
_CANDIDATES = 60

_SCHEMA = """
CREATE TABLE entries (
    entry_id TEXT PRIMARY KEY, name TEXT NOT NULL, components TEXT NOT NULL,
    blocks TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE VIRTUAL TABLE stems USING fts5(name, lead, body, tokenize = 'unicode61');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(stems, row);
"""


class Index:
    """Kafka's documentation, ready to be asked.

    Not safe for use from several threads at once; a query takes about a millisecond.
    """

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @classmethod
    def build(cls, path: Path | str, entries: Iterable[Entry]) -> "Index":
        """Write a new index to `path`, which must not exist yet, and open it."""
        index = cls(path)
        with index._db:
            index._db.executescript(_SCHEMA)
            for entry in entries:
                index._add(entry)
        return index

    def _add(self, entry: Entry) -> None:
        row = self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
            (
                entry.entry_id,
                entry.name,
                json.dumps(entry.components),
                json.dumps(entry.blocks),
                json.dumps(entry.facts),
            ),
        ).lastrowid
        # The index holds stems, cut by the same function as the question's: SQLite's own porter
        # stemmer could not be repeated in the ranking.
        fields = (entry.name, entry.blocks[0], entry.text)
        self._db.execute(
            "INSERT INTO stems (rowid, name, lead, body) VALUES (?, ?, ?, ?)",
            (row, *(" ".join(stems(field)) for field in fields)),
        )

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM entries").fetchone()
        return int(count)

    def entry(self, entry_id: str) -> Entry:
        """Return one entry.

        Raises:
            KeyError: There is none of that id.
        """
        row = self._db.execute("SELECT * FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
        if row is None:
            raise KeyError(entry_id)
        return _entry(row)

    def search(self, question: Question, *, limit: int = 6) -> list[Hit]:
        """Return the entries that answer best, best first; none when no word is known."""
        if not question.terms:
            return []
        # Stems are letters and digits only, so quoting them is enough.
        query = " OR ".join(f'"{term}"' for term in question.terms)
        rows = self._db.execute(
            "SELECT entries.* FROM stems JOIN entries ON entries.rowid = stems.rowid"
            " WHERE stems MATCH ? ORDER BY bm25(stems, 8.0, 3.0, 1.0) LIMIT ?",
            (query, _CANDIDATES),
        ).fetchall()
        rarity = {term: self.rarity(term) for term in question.terms}
        return rank(question, (_entry(row) for row in rows), rarity)[:limit]

    def rarity(self, term: str) -> float:
        """Return how much a stem tells: high for one that few entries have, 0 for unknown ones."""
        row = self._db.execute("SELECT doc FROM vocabulary WHERE term = ?", (term,)).fetchone()
        return math.log(1 + len(self) / row[0]) if row else 0.0


def _entry(row: tuple[str, str, str, str, str]) -> Entry:
    entry_id, name, components, blocks, facts = row
    return Entry(
        entry_id, name, tuple(json.loads(components)), tuple(json.loads(blocks)), json.loads(facts)
    )
