"""Who writes the answer: the documentation's own sentences, or a model."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from .compose import Citation, citations, compose
from .entries import Entry
from .index import Index
from .pace import tokens
from .question import Question

NOTHING_FOUND = "Kafka's documentation of its settings and errors has nothing on this question."


class Writer(Protocol):
    """Writes an answer from entries."""

    @property
    def verbatim(self) -> bool:
        """Whether what it cites has to be in the source word for word."""
        ...

    @property
    def model(self) -> str | None:
        """The name of the model that writes, or None."""
        ...

    def write(self, question: Question, entries: Sequence[Entry]) -> AsyncIterator[str]:
        """Stream the answer, token by token."""
        ...

    def cite(self, answer: str, question: Question, entries: Sequence[Entry]) -> list[Citation]:
        """Say which stretches of the finished answer rest on which entry."""
        ...


class QuotingWriter:
    """Quotes the documentation; needs no model."""

    verbatim = True
    model = None

    def __init__(self, index: Index) -> None:
        self._index = index

    async def write(self, question: Question, entries: Sequence[Entry]) -> AsyncIterator[str]:
        """Stream headings and quotations."""
        if not entries:
            for token in tokens(NOTHING_FOUND):
                yield token
        for passage in compose(question, entries, self._rarity(question)):
            for token in tokens(passage.text):
                yield token

    def cite(self, answer: str, question: Question, entries: Sequence[Entry]) -> list[Citation]:
        """Return where each quotation stands in the answer."""
        return citations(compose(question, entries, self._rarity(question)))

    def _rarity(self, question: Question) -> dict[str, float]:
        return {term: self._index.rarity(term) for term in question.terms}
