"""How much of what events gave the derived records repeat; the events keep everything."""

from collections.abc import Sequence
from typing import Final, TypeVar

STRING_CODE_POINTS: Final = 500
LIST_ENTRIES: Final = 100
CITED_RANGES: Final = 20

Entry = TypeVar("Entry")


def cut(text: str | None) -> str | None:
    """Keep the first 500 code points of a string that is neither the text nor an id."""
    return text[:STRING_CODE_POINTS] if text else text


def first(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Keep the first 100 entries of a list."""
    return entries[:LIST_ENTRIES]
