"""The sources of a run: found, opened or cited, each told when there is something new of it."""

from collections.abc import Iterable
from typing import Any, Final

from durable_streaming.producers.adapters.limits import identifier
from durable_streaming.producers.adapters.text import CitedRange
from durable_streaming.producers.facts import Fact

MAX_SNIPPET: Final = 1_000
"""Code points. Providers send whole pages as snippets; the tool's output keeps those."""


class Sources:
    """Merges what a provider says of one source in several places, and repeats nothing."""

    def __init__(self) -> None:
        self._told: dict[str, set[str]] = {}
        self._cited: dict[str, set[tuple[int, int]]] = {}

    def url(
        self, url: str, *, title: str = "", snippet: str = "", cited: Iterable[CitedRange] = ()
    ) -> list[Fact]:
        """Tell a page; its address is its identity."""
        return self._add(url, {"kind": "url", "url": url}, title, snippet, cited)

    def document(
        self,
        document_id: str,
        *,
        title: str = "",
        snippet: str = "",
        cited: Iterable[CitedRange] = (),
    ) -> list[Fact]:
        """Tell a file or document that the provider knows by an id."""
        return self._add(document_id, {"kind": "document"}, title, snippet, cited)

    def _add(
        self,
        identity: str,
        data: dict[str, Any],
        title: str,
        snippet: str,
        cited: Iterable[CitedRange],
    ) -> list[Fact]:
        if not identity:
            return []
        source_id = identifier(identity)
        is_new = source_id not in self._told
        told = self._told.setdefault(source_id, set())
        ranges = self._cited.setdefault(source_id, set())
        # The first word on title and snippet stands; a later one only fills what is missing.
        given = {"title": title, "snippet": _excerpt(snippet)}
        fields = {name: value for name, value in given.items() if value and name not in told}
        spans = dict.fromkeys((item["start"], item["end"]) for item in cited)
        fresh = [span for span in spans if span not in ranges]
        if not (is_new or fields or fresh):
            return []
        told.update(fields)
        ranges.update(fresh)
        fact: dict[str, Any] = {"source_id": source_id, **data, **fields}
        if fresh:
            fact["cited"] = [{"start": start, "end": end} for start, end in fresh]
        return [Fact("source.added", fact)]


def _excerpt(snippet: str) -> str:
    return snippet if len(snippet) <= MAX_SNIPPET else snippet[: MAX_SNIPPET - 1] + "…"
