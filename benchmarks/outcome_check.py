"""Whether what producers said of their events is what the log says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durable_streaming.eventlog import Failed, KafkaLog, Outcome, Record, Stored
from durable_streaming.schemas import Event, decode, judge_value
from tests.processors.derived import folded, read_all

Identity = tuple[str, int, int]
"""Run, epoch and seq: no two events share them."""


@dataclass(slots=True)
class Said:
    """One event, and what its producer first said of it; None where it said nothing.

    Attributes:
        text: of the delta; no two events of a run have the same, or one that holds another's.
    """

    identity: Identity
    text: str
    outcome: Outcome | None = None


def check(said: Sequence[Said], log: KafkaLog) -> list[str]:
    """Read the log from its beginning, fold it, and name what is not as was said."""
    topics = log.settings.topics
    records = read_all(log, topics.events)
    tables = folded(log, topics).tables
    texts: dict[str, str] = {}
    untidy: list[str] = []
    for (table, _, key), value in tables.items():
        found = decode(value)
        if table == "packets":
            texts[key.decode()] = found["text"]
        if table == "reconciliations":
            sequence = found["sequence"]
            if sequence["missing_count"] or sequence["conflict_count"]:
                untidy.append(f"{key.decode()}: seqs are missing or in conflict: {sequence}")
    return [*untidy, *broken_promises(said, records, texts)]


def broken_promises(
    said: Sequence[Said], records: Sequence[Record], texts: Mapping[str, str]
) -> list[str]:
    """Compare what was said with the records, and with the text that each run folds to."""
    at = {
        (record.partition, record.offset): _identity(event)
        for record in records
        if isinstance(event := judge_value(record.value), Event)
    }
    copies = Counter(at.values())
    broken = []
    for one in said:
        outcome, folds = one.outcome, texts[one.identity[0]].count(one.text)
        if outcome is None:
            broken.append(f"{one.identity}: nothing was said")
        elif isinstance(outcome, Failed):
            if copies[one.identity]:
                broken.append(f"{one.identity}: failed, and in the log")
        elif isinstance(outcome, Stored):
            partition, offset = outcome.partition, outcome.offset
            if folds == 0:
                broken.append(f"{one.identity}: ok, and not folded")
            # Where the broker recognised a copy it does not say the offset.
            if offset is not None and at.get((partition, offset)) != one.identity:
                broken.append(f"{one.identity}: ok, and not at {offset} of {partition}")
        if folds > 1:
            broken.append(f"{one.identity}: folded {folds} times")
    for run_id in texts:
        seqs = sorted({seq for run, _, seq in copies if run == run_id and seq >= 0})
        if seqs != list(range(len(seqs))):
            broken.append(f"{run_id}: seqs have gaps")
    return broken


def _identity(event: Event) -> Identity:
    # A control event has no seq, and nothing is said of it here.
    return event.run_id, event.producer_epoch or 0, -1 if event.seq is None else event.seq
