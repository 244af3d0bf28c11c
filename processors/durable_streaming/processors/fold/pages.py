"""Growing lists of a running run, kept in the state topic a page at a time.

A run may have ten thousand sources or gaps. Rewriting the whole list at each commit would cost
O(n^2) bytes and end beyond the largest record; a page that did not change is not written again.
"""

from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

# Small enough that one changed row costs little; 32 rows of the largest size are under 1 MiB.
PAGE_ROWS: Final = 32

Row = TypeVar("Row")

# Stands for an empty list or dict. Each of five thousand runs has nine of these lists, most of
# which stay empty, and making three containers for each would cost more than folding its start.
_NOTHING: Final[Any] = ()
_NO_PLACES: Final[Any] = MappingProxyType({})


class Pages(Generic[Row]):
    """A list that knows which of its pages changed since they were last written.

    Attributes:
        changed: numbers of the pages that wait to be written, a number perhaps more than once.
    """

    __slots__ = ("changed", "rows")

    def __init__(self) -> None:
        self.rows: list[Row] = _NOTHING
        self.changed: list[int] = _NOTHING

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def count(self) -> int:
        """Number of pages."""
        return -(-len(self.rows) // PAGE_ROWS)

    def numbers(self) -> Sequence[int]:
        """Name every page that may stand in the topic, one that waits to be removed too."""
        if not self.changed:
            return range(self.count)
        return sorted({*self.changed, *range(self.count)})

    def append(self, row: Row) -> None:
        """Add a row at the end."""
        self._change(len(self.rows))
        if self.rows:
            self.rows.append(row)
        else:
            self.rows = [row]

    def replace_last(self, row: Row) -> None:
        """Set the last row anew."""
        self.rows[-1] = row
        self._change(len(self.rows) - 1)

    def take_changed(self) -> Iterator[tuple[int, Sequence[Row]]]:
        """Give the changed pages; an empty one is to be removed."""
        for page in sorted(set(self.changed)):
            yield page, self.rows[page * PAGE_ROWS : (page + 1) * PAGE_ROWS]
        self.changed = _NOTHING

    def load(self, rows: list[Row]) -> None:
        """Take rows as they were written."""
        self.rows = rows

    def _change(self, place: int) -> None:
        page = place // PAGE_ROWS
        if not self.changed:
            self.changed = [page]
        elif self.changed[-1] != page:
            self.changed.append(page)


class Table(Pages[Row]):
    """Pages of rows that have an id, in the order in which the ids first came."""

    __slots__ = ("_id_of", "_places")

    def __init__(self, id_of: Callable[[Row], str]) -> None:
        super().__init__()
        self._id_of = id_of
        self._places: dict[str, int] = _NO_PLACES

    def __contains__(self, row_id: str) -> bool:
        return row_id in self._places

    def get(self, row_id: str) -> Row | None:
        """Give the row of an id, to read."""
        place = self._places.get(row_id)
        return None if place is None else self.rows[place]

    def put(self, row: Row) -> None:
        """Set the row of its id, at the place of that id's first."""
        row_id = self._id_of(row)
        place = self._places.get(row_id)
        if place is None:
            if not self.rows:
                self._places = {}
            self._places[row_id] = len(self.rows)
            self.append(row)
        else:
            self.rows[place] = row
            self._change(place)

    def replace(self, rows: dict[str, Row]) -> None:
        """Set all rows anew, by their ids."""
        before = range(self.count)
        self.rows = list(rows.values())
        self.changed = [*self.changed, *before, *range(self.count)]
        self._places = {row_id: place for place, row_id in enumerate(rows)}

    def load(self, rows: list[Row]) -> None:
        """Take rows as they were written."""
        super().load(rows)
        self._places = {self._id_of(row): place for place, row in enumerate(rows)}
