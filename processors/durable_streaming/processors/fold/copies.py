"""Telling a repeated record from one that contradicts: equal canonical type and data."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from operator import sub
from typing import Any, Final, TypeAlias

from durable_streaming.schemas import ABSENT, Event, canonical

WINDOW: Final = 64
"""How far below the highest folded seq a repeated record is still compared."""

Fingerprint: TypeAlias = str | bytes
Recall: TypeAlias = Callable[[int], Event | None]
"""Read an event again by its offset; None where the log has it no more."""

_PLAIN_DELTA_CODE_POINTS: Final = 64


def fingerprint(kind: str, data: Any) -> Fingerprint:
    """Give a value that two events share when their canonical type and data are equal.

    A short plain text delta, which most events are, stands for itself: exact, and no bytes are
    hashed that nobody will ask for.
    """
    if kind == "text.delta" and len(data) == 1:
        text: str = data["text"]
        if len(text) <= _PLAIN_DELTA_CODE_POINTS:
            return text
    content = [kind] if data is ABSENT else [kind, data]
    return blake2b(canonical(content), digest_size=16).digest()


def fingerprints(kind: str, common: dict[str, Any], texts: list[str]) -> Sequence[Fingerprint]:
    """Give the fingerprints of deltas.

    Args:
        kind: their type.
        common: what their data have beside the text.
        texts: their texts.
    """
    if kind == "text.delta" and not common and max(map(len, texts)) <= _PLAIN_DELTA_CODE_POINTS:
        return texts
    return [fingerprint(kind, {**common, "text": text}) for text in texts]


class Window:
    """The records folded last, against which repeated ones are compared.

    Parallel lists: seqs, offsets and fingerprints. After a restart a fingerprint is None until
    somebody asks for it.
    """

    __slots__ = ("_fingerprints", "_offsets", "_seqs")

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._offsets: list[int] = []
        self._fingerprints: list[Fingerprint | None] = []

    def add(self, seq: int, offset: int, known: Fingerprint | None) -> None:
        """Note a record that is folded; its seq is higher than any before."""
        self._seqs.append(seq)
        self._offsets.append(offset)
        self._fingerprints.append(known)
        self._trim()

    def extend(self, first_seq: int, offsets: Sequence[int], known: Sequence[Fingerprint]) -> None:
        """Note records that are folded one after the other, with consecutive seqs."""
        self._seqs += range(first_seq, first_seq + len(offsets))
        self._offsets += offsets
        self._fingerprints += known
        self._trim()

    def _trim(self) -> None:
        # Seqs rise, so the last 65 hold every one that is compared; trimmed now and then.
        if len(self._seqs) > 2 * WINDOW:
            del self._seqs[: -WINDOW - 1]
            del self._offsets[: -WINDOW - 1]
            del self._fingerprints[: -WINDOW - 1]

    def is_copy(self, seq: int, event: Event, recall: Recall) -> bool:
        """Say whether `event` repeats what was folded as `seq`.

        One more than 64 below the highest folded seq repeats it unseen; so does one whose
        first record retention has removed since.
        """
        if seq < self._seqs[-1] - WINDOW:
            return True
        place = self._seqs.index(seq)
        known = self._fingerprints[place]
        if known is None:
            first = recall(self._offsets[place])
            if first is None:
                return True
            known = self._fingerprints[place] = fingerprint(first.type, first.data)
        return known == fingerprint(event.type, event.data)

    def rows(self) -> list[list[int]]:
        """Give what may still be compared, as rows of consecutive seqs.

        Each row is the first seq, its offset, and the steps from there to each next offset.
        """
        seqs, offsets = self._seqs[-WINDOW - 1 :], self._offsets[-WINDOW - 1 :]
        steps = map(sub, offsets[1:], offsets)
        if not seqs or seqs[-1] - seqs[0] == len(seqs) - 1:
            return [[seqs[0], offsets[0], *steps]] if seqs else []
        rows = [[seqs[0], offsets[0]]]
        for before, seq, offset, step in zip(seqs, seqs[1:], offsets[1:], steps, strict=False):
            if seq == before + 1:
                rows[-1].append(step)
            else:
                rows.append([seq, offset])
        return rows

    def load(self, rows: Iterable[list[int]]) -> None:
        """Take what `rows` gave."""
        for seq, offset, *steps in rows:
            self.add(seq, offset, None)
            for distance, step in enumerate(steps, 1):
                offset += step
                self.add(seq + distance, offset, None)
