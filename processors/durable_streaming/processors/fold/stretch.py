"""Deltas that follow each other, noted one by one and folded together.

Nearly every event continues the text that the one before it streamed. While nothing waits, such an
event has one thing to show: that it is the next of its producer. What it changes is changed for a
whole stretch at once, when somebody looks at the run; the results are those of folding each by
itself.
"""

from collections.abc import Sequence

from durable_streaming.processors.fold.copies import Fingerprint, fingerprints
from durable_streaming.schemas import Event
from durable_streaming.schemas.deltas import NO_PART, PlainDelta


class Stretch:
    """Deltas of one type, part and producer, with consecutive seqs, that are not folded yet.

    Args:
        after: a producer event that was folded, behind which nothing waits.
        seq: its seq.
        key: the key of its record.

    Attributes:
        kind: the type of the deltas, which the first one decides.
        first_seq: the seq of the first one; `next_seq` is the one after the last.
        texts: what they carry.
        offsets: where each of them stands.
        time: when the last was made, as it says.
    """

    __slots__ = (
        "_epoch",
        "_key",
        "_part",
        "_producer_id",
        "first_seq",
        "kind",
        "next_seq",
        "offsets",
        "texts",
        "time",
    )

    def __init__(self, after: Event, seq: int, key: bytes) -> None:
        self.kind = ""
        self.first_seq = self.next_seq = seq + 1
        self.time = after.time
        self.texts: list[str] = []
        self.offsets: list[int] = []
        self._key = key
        self._part = NO_PART
        self._producer_id = after.producer_id
        self._epoch = after.producer_epoch

    @property
    def part(self) -> int:
        """The part that the deltas belong to."""
        return 0 if self._part == NO_PART else self._part

    def take(self, delta: PlainDelta, key: bytes | None, offset: int) -> bool:
        """Note a delta if it is the next one; say whether it was."""
        # The run's own key is in the right partition, or the run would not be here.
        if (
            delta.seq != self.next_seq
            or delta.producer_epoch != self._epoch
            or delta.producer_id != self._producer_id
            or key != self._key
        ):
            return False
        data = delta.data
        if delta.type != self.kind or data.part != self._part:
            if self.texts:
                return False
            self.kind, self._part = delta.type, data.part
        self.next_seq += 1
        self.time = delta.time
        self.texts.append(data.text)
        self.offsets.append(offset)
        return True

    def fingerprints(self) -> Sequence[Fingerprint]:
        """Give the fingerprints of the deltas."""
        common = {} if self._part == NO_PART else {"part": self._part}
        return fingerprints(self.kind, common, self.texts)

    def clear(self) -> None:
        """Forget the deltas, which are folded now; more of them may follow."""
        self.first_seq = self.next_seq
        self.texts.clear()
        self.offsets.clear()
