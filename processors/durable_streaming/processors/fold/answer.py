"""The streamed text at the end of a run, part by part, beside the answer that is claimed."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Self

from durable_streaming.processors.fold.text import Chunk, Text
from durable_streaming.schemas import decode


class Claim(NamedTuple):
    """The answer that a terminal event claims.

    Attributes:
        text: the whole text, None where only `length` and `sha256` are claimed.
        parts: the streamed parts it stands for, in order; None for all.
        source_ids: None where no sources are claimed.
    """

    text: str | None
    length: int
    sha256: str
    parts: list[int] | None
    source_ids: list[str] | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self | None:
        """Read the claim of a terminal event's data, None where there is none."""
        answer = data.get("answer")
        if answer is None:
            return None
        text: str | None = answer.get("text")
        return cls(
            text=text,
            length=answer["length"] if text is None else len(text),
            sha256=answer["sha256"] if text is None else digest(text),
            parts=answer.get("parts"),
            source_ids=answer.get("source_ids"),
        )


class Delta(NamedTuple):
    """One streamed delta."""

    seq: int
    part: int
    text: str


class Streamed:
    """The text that a run streamed.

    Attributes:
        text: the parts that the answer stands for, joined in order.
    """

    def __init__(
        self, text: Text, parts: Sequence[int] | None, read_chunk: Callable[[int], Chunk]
    ) -> None:
        self._chunks = [text.held(number) or read_chunk(number) for number in range(text.sealed)]
        self._chunks.append(text.tail())
        self._parts = parts
        if text.several_parts:
            self.text = "".join(delta.text for delta in self._deltas())
        elif parts is None or 0 in parts:
            self.text = "".join(chunk.text for chunk in self._chunks)
        else:
            self.text = ""

    def seq_at(self, position: int) -> int | None:
        """Say which event streamed the code point at `position`, None past the end."""
        for delta in self._deltas():
            position -= len(delta.text)
            if position < 0:
                return delta.seq
        return None

    def _deltas(self) -> Iterator[Delta]:
        by_part: dict[int, list[Delta]] = {}
        for chunk in self._chunks:
            at = 0
            for entry in decode(b"[%b]" % chunk.deltas):
                end = at + entry["length"]
                delta = Delta(entry["seq"], entry["part"], chunk.text[at:end])
                by_part.setdefault(delta.part, []).append(delta)
                at = end
        for part in sorted(by_part) if self._parts is None else self._parts:
            yield from by_part.get(part, ())


def digest(text: str) -> str:
    """Give the SHA-256 of a text's UTF-8, in lower-case hex."""
    return sha256(text.encode()).hexdigest()


def common_prefix(one: str, other: str) -> int:
    """Count the code points that two texts share at their beginning."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    # Halving compares each code point twice at most, at the speed of memory.
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
