"""The text of a run, part by part: numbering, and positions in the answer."""

from collections.abc import Hashable
from typing import Any

from durable_streaming.producers.adapters.limits import pieces
from durable_streaming.producers.facts import Fact

CitedRange = dict[str, int]
"""`start` and `end` (exclusive) in code points of the answer."""


class TextParts:
    """Gives each distinct part of the streamed text a number, in order of appearance.

    Args:
        fact_type: `text.delta` or `reasoning.delta`.
    """

    def __init__(self, fact_type: str) -> None:
        self._fact_type = fact_type
        self._numbers: dict[Hashable, int] = {}
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._lengths)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._numbers

    def number(self, key: Hashable) -> int:
        """Give the number of the part that the provider knows as `key`."""
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self._lengths):
            self._lengths.append(0)
        return number

    def append(self, key: Hashable, text: str) -> list[Fact]:
        """Add streamed text to a part. Empty text, which is no event, gives nothing."""
        if not text:
            return []
        number = self.number(key)
        self._lengths[number] += len(text)
        return [_delta(self._fact_type, piece, number) for piece in pieces(text)]

    def settle(self, key: Hashable, length: int) -> None:
        """Take the provider's word for the length of a part that is complete.

        It counts for the positions in the parts after it, which the provider has measured in
        its own text, not in what arrived here.
        """
        self._lengths[self.number(key)] = length

    def length(self, key: Hashable) -> int:
        """Give the length of a part so far, in code points."""
        return self._lengths[self.number(key)]

    def cited(
        self, key: Hashable, start: int | None, end: int | None, *, first: int = 0
    ) -> list[CitedRange]:
        """Turn a range of one part into the range of the answer; none where it says nothing.

        Args:
            key: of the part.
            start: in code points of the part.
            end: the same, exclusive.
            first: number of the part with which the answer begins.
        """
        if start is None or end is None or start >= end:
            return []
        before = sum(self._lengths[first : self.number(key)])
        return [{"start": before + start, "end": before + end}]


def _delta(fact_type: str, text: str, part: int) -> Fact:
    data: dict[str, Any] = {"text": text, "part": part}
    return Fact(fact_type, data)


class Utf8Positions:
    """Turns positions in UTF-8 bytes, as Google's APIs count, into code points."""

    def __init__(self) -> None:
        self._encoded = bytearray()
        self._before = 0

    def append(self, text: str) -> None:
        """Add the text that was streamed next."""
        self._encoded += text.encode(errors="surrogatepass")

    def restart(self) -> None:
        """Have the bytes counted from here on, where another response begins."""
        self._before += len(self._encoded.decode(errors="surrogatepass"))
        self._encoded.clear()

    def code_points(
        self, start: int, end: int | None, expected: str = ""
    ) -> tuple[int, int] | None:
        """Give the range in code points.

        Args:
            start: first byte.
            end: byte after the last.
            expected: what stands there, where the provider says so.

        Returns:
            None where the bytes are not there, are no whole code points or not what is expected:
            a range that might be wrong is worse than none.
        """
        if end is None or not start <= end <= len(self._encoded):
            return None
        try:
            found = self._encoded[start:end].decode(errors="surrogatepass")
            before = self._encoded[:start].decode(errors="surrogatepass")
        except UnicodeDecodeError:
            return None
        if expected and found != expected:
            return None
        begin = self._before + len(before)
        return begin, begin + len(found)
