"""The streamed text of a running run: sealed chunks and a tail.

Only the tail, and chunks that may not be committed yet, are held in memory; an answer of any
length costs what its last few thousand code points cost. The deltas are kept as the JSON that
chunk and head repeat, each written once.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple

import msgspec

from durable_streaming.processors.fold.plain import plain
from durable_streaming.schemas import SCHEMA_VERSION

CHUNK_CODE_POINTS: Final = 2_048


class Entry(msgspec.Struct, gc=False):
    """A delta as chunk and head list it; the fields stand in the canonical order."""

    length: int
    part: int
    seq: int


_write: Final[Callable[[list[Entry]], bytes]] = msgspec.json.Encoder().encode


class Chunk(NamedTuple):
    """Sealed text.

    Attributes:
        deltas: the entries of its deltas, as JSON joined by commas.
    """

    text: str
    deltas: bytes


class Text:
    """The text of a run in the order of folding, all parts together.

    Attributes:
        length: code points so far.
        sealed: number of sealed chunks.
        several_parts: whether any delta was of another part than 0.
    """

    __slots__ = (
        "_deltas",
        "_first_held",
        "_first_unwritten",
        "_held",
        "_tail",
        "_tail_length",
        "_unwritten",
        "length",
        "sealed",
        "several_parts",
    )

    def __init__(self) -> None:
        self.length = 0
        self.sealed = 0
        self.several_parts = False
        self._tail: list[str] = []
        # Deltas of the tail: as JSON, and those that nobody asked for yet.
        self._deltas: list[bytes] = []
        self._unwritten: list[Entry] = []
        self._tail_length = 0
        self._held: list[Chunk] = []
        self._first_held = 0
        self._first_unwritten = 0

    def append(self, text: str, part: int, seq: int) -> None:
        """Add a delta; seal the tail when it is long enough."""
        length = len(text)
        self.length += length
        self._tail.append(text)
        self._unwritten.append(Entry(length, part, seq))
        if part:
            self.several_parts = True
        self._tail_length += length
        if self._tail_length >= CHUNK_CODE_POINTS:
            self._held.append(self.tail())
            self.sealed += 1
            self._tail.clear()
            self._deltas.clear()
            self._tail_length = 0

    def extend(self, texts: Sequence[str], part: int, first_seq: int) -> None:
        """Add deltas of one part with consecutive seqs."""
        lengths = list(map(len, texts))
        length = self._tail_length + sum(lengths)
        if length >= CHUNK_CODE_POINTS:
            for seq, text in enumerate(texts, first_seq):
                self.append(text, part, seq)
            return
        self.length += length - self._tail_length
        self._tail_length = length
        self._tail += texts
        seqs = range(first_seq, first_seq + len(texts))
        self._unwritten += map(Entry, lengths, repeat(part), seqs)
        if part:
            self.several_parts = True

    def tail(self) -> Chunk:
        """Give the text that is not sealed yet."""
        # Written and joined once and kept: the next head starts from one piece again.
        if self._unwritten:
            self._deltas.append(_write(self._unwritten)[1:-1])
            self._unwritten.clear()
        if len(self._tail) > 1:
            self._tail = ["".join(self._tail)]
        return Chunk(self._tail[0] if self._tail else "", b",".join(self._deltas))

    def take_sealed(self) -> list[tuple[int, Chunk]]:
        """Give the chunks sealed since the last call, with their numbers.

        What the last call gave is committed by now, and is forgotten.
        """
        drop = self._first_unwritten - self._first_held
        del self._held[:drop]
        self._first_held = self._first_unwritten
        self._first_unwritten = self.sealed
        return list(enumerate(self._held, self._first_held))

    def held(self, number: int) -> Chunk | None:
        """Give a sealed chunk that is still in memory."""
        place = number - self._first_held
        return self._held[place] if place >= 0 else None

    def load(
        self, *, length: int, sealed: int, several_parts: bool, tail: str, deltas: list[Any]
    ) -> None:
        """Take the text as a head and its chunks carry it."""
        self.length = length
        self.sealed = self._first_held = self._first_unwritten = sealed
        self.several_parts = several_parts
        self._tail = [tail] if tail else []
        self._tail_length = len(tail)
        self._unwritten = [Entry(**delta) for delta in deltas]


def chunk_key(key: bytes, number: int) -> bytes:
    """Name a chunk of a run's draft or packet; a run id has no `#`."""
    return b"%b#%d" % (key, number)


def chunk_record(run_id: bytes, number: int, chunk: Chunk) -> bytes:
    """Write a draft chunk, in canonical form.

    Args:
        run_id: as JSON.
        number: which chunk of the run it is, from 0.
        chunk: what it holds.
    """
    return b'{"chunk":%d,"deltas":[%b],"run_id":%b,"schema_version":%d,"text":%b}' % (
        number,
        chunk.deltas,
        run_id,
        SCHEMA_VERSION,
        plain(chunk.text),
    )
