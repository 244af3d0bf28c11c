"""The protocol's predicate and fold, written a second time: slow, plain, from its words alone.

Nothing here is imported from the product, and nothing is kept but lists of events: whatever is
derived is computed from the whole log again. What the product derives must equal it byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .derive import derived_records
from .history import Entry, History
from .judge import Judgement, murmur2_partition, reference_judge

__all__ = [
    "DeadLetter",
    "Folded",
    "Judgement",
    "LogRecord",
    "murmur2_partition",
    "reference_fold",
    "reference_judge",
]

MAX_LETTER_VALUE = 1024 * 1024
MAX_LETTER_KEY = 1_000
CUT_TO = 1_000


class LogRecord(NamedTuple):
    """One record of the events topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class DeadLetter(NamedTuple):
    """One record of the dead letters; ``headers`` has no ``topic`` and no ``detail``.

    The topic's name depends on a setting and the detail is free text.
    """

    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


@dataclass
class Folded:
    """All that is derived from one partition's log."""

    values: dict[tuple[str, bytes], bytes | None] = field(default_factory=dict)
    """The last value by topic (drafts, packets, reconciliations) and key; None is a tombstone."""
    dead_letters: list[DeadLetter] = field(default_factory=list)
    control: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Keys and values forwarded, in order."""
    histories: dict[str, History] = field(default_factory=dict)

    @property
    def standing(self) -> dict[tuple[str, bytes], bytes]:
        """The values without tombstones: what a reader of the compacted topics ends up with."""
        return {place: value for place, value in self.values.items() if value is not None}


def reference_fold(records: Iterable[LogRecord], partitions: int) -> Folded:
    """Fold one partition's records, given in the order of their offsets."""
    folded = Folded()
    partition = 0
    for record in records:
        partition = record.partition
        judgement = reference_judge(record.value, record.key, record.partition, partitions)
        if judgement.event is None:
            folded.dead_letters.append(dead_letter(record, judgement.reason))
            continue
        run_id = judgement.event["run_id"]
        history = folded.histories.setdefault(run_id, History())
        already_forwarded = len(history.forwarded)
        history.add(Entry(record.offset, judgement.event, record.value or b""))
        for entry in history.forwarded[already_forwarded:]:
            folded.control.append((run_id.encode("ascii"), entry.value))
    for run_id, history in folded.histories.items():
        folded.values.update(derived_records(run_id, partition, history))
    return folded


def dead_letter(record: LogRecord, reason: str) -> DeadLetter:
    """The letter for a record that is no valid event."""
    headers = {
        "partition": str(record.partition),
        "offset": str(record.offset),
        "reason": reason,
    }
    key, value = record.key, record.value
    if value is not None and len(value) > MAX_LETTER_VALUE:
        headers["length"] = str(len(value))
        headers["sha256"] = hashlib.sha256(value).hexdigest()
        value = value[:CUT_TO]
    if key is not None and len(key) > MAX_LETTER_KEY:
        headers["key_length"] = str(len(key))
        headers["key_sha256"] = hashlib.sha256(key).hexdigest()
        key = key[:CUT_TO]
    return DeadLetter(key, value, headers)
