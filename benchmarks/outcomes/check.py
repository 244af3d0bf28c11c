"""Whether what producers said of their events is what the log says."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durable_streaming.eventlog import Failed, KafkaLog, Outcome, Record, Stored
from durable_streaming.schemas import Event, decode, judge_value
from tests.processors.derived import folded, read_all

Identity = tuple[str, int, int]
"""Run, epoch and seq: no two events share them."""

_TEXT = re.compile(r"<\d+\.\d+>")


@dataclass(slots=True)
class Said:
    """One event, and what its producer first said of it; None where it said nothing.

    Attributes:
        text: of a delta, `<epoch.seq>`; None for an event of another type.
    """

    identity: Identity
    text: str | None
    outcome: Outcome | None = None


def check(said: Sequence[Said], log: KafkaLog) -> list[str]:
    """Read the log from its beginning, fold it, and name what is not as was said."""
    topics = log.settings.topics
    tables = folded(log, topics).tables
    untidy, texts = [], defaultdict[str, list[tuple[int, str]]](list)
    for (table, _, key), value in tables.items():
        run_id, _, chunk = key.decode().partition("#")
        found = decode(value)
        if table == "packets":
            # A long text stands in chunks beside the packet.
            texts[run_id].append((int(chunk or -1), found["text"] or ""))
        if table == "reconciliations":
            sequence = found["sequence"]
            if sequence["missing_count"] or sequence["conflict_count"]:
                untidy.append(f"{run_id}: seqs are missing or in conflict: {sequence}")
    answers = {run_id: "".join(text for _, text in sorted(all_)) for run_id, all_ in texts.items()}
    return [*untidy, *broken_promises(said, read_all(log, topics.events), answers)]


def broken_promises(
    said: Sequence[Said], records: Sequence[Record], answers: Mapping[str, str]
) -> list[str]:
    """Compare what was said with the records, and with the text that each run folds to."""
    at = {
        (record.partition, record.offset): _identity(event)
        for record in records
        if isinstance(event := judge_value(record.value), Event)
    }
    copies = Counter(at.values())
    folds = {run_id: Counter(_TEXT.findall(text)) for run_id, text in answers.items()}
    broken = [f"{run_id}: no packet" for run_id in {one.identity[0] for one in said} - folds.keys()]
    for one in said:
        outcome, run_id = one.outcome, one.identity[0]
        times = folds.get(run_id, Counter[str]())[one.text or ""]
        if outcome is None:
            broken.append(f"{one.identity}: nothing was said")
        elif isinstance(outcome, Failed):
            if copies[one.identity]:
                broken.append(f"{one.identity}: failed, and in the log")
        elif isinstance(outcome, Stored):
            partition, offset = outcome.partition, outcome.offset
            if one.text and not times:
                broken.append(f"{one.identity}: ok, and not folded")
            if not copies[one.identity]:
                broken.append(f"{one.identity}: ok, and not in the log")
            # Where the broker recognised a copy it does not say the offset.
            elif offset is not None and at.get((partition, offset)) != one.identity:
                broken.append(f"{one.identity}: ok, and not at {offset} of {partition}")
        if times > 1:
            broken.append(f"{one.identity}: folded {times} times")
    for run_id in answers:
        seqs = sorted({seq for run, _, seq in copies if run == run_id and seq >= 0})
        if seqs != list(range(len(seqs))):
            broken.append(f"{run_id}: seqs have gaps")
    return broken


def _identity(event: Event) -> Identity:
    # A control event has no seq, and nothing is said of it here.
    return event.run_id, event.producer_epoch or 0, -1 if event.seq is None else event.seq
