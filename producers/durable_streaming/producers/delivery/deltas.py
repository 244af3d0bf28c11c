"""Deltas of one part, merged while they wait."""

# A code point is at most 6 bytes of JSON, so a piece of this length always fits into an event.
_MAX_POINTS = 100_000


class OpenDelta:
    """Text that was taken and not yet appended.

    Attributes:
        event_type: `text.delta` or `reasoning.delta`.
        part: which part it belongs to.
        size: bytes of UTF-8 so far.
        due_s: monotonic time at which it should be appended.
        headers: of the records, as of when the text began.
    """

    __slots__ = ("_pieces", "due_s", "event_type", "headers", "part", "size")

    def __init__(
        self, event_type: str, part: int, due_s: float, headers: list[tuple[str, bytes]] | None
    ) -> None:
        self.event_type = event_type
        self.part = part
        self.due_s = due_s
        self.headers = headers
        self.size = 0
        self._pieces: list[str] = []

    def add(self, text: str, size: int) -> None:
        """Put `text` of `size` bytes at the end."""
        self._pieces.append(text)
        self.size += size

    def head(self) -> str:
        """Give as much of the text as fits into an event, from its beginning; empty when gone."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0][:_MAX_POINTS] if self._pieces else ""

    def drop(self, head: str) -> int:
        """Take off what `head` gave; gives its bytes."""
        rest = self._pieces[0][len(head) :]
        dropped = len(head.encode()) if rest else self.size
        self._pieces = [rest] if rest else []
        self.size -= dropped
        return dropped
