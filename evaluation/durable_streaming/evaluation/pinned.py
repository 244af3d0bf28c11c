"""Reading a topic from its beginning to an end that is fixed before the first record is read.

An end offset is a moment, not a promise: a reader that asks for it again and again never ends on
a busy topic, and two readers that ask at two moments disagree. So it is asked once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from durable_streaming.evaluation.errors import EvaluationError, LogShrank
from durable_streaming.eventlog import Log, OffsetOutOfRange, Place, Record

OnProgress = Callable[[int, int], None]
"""Called with the number of offsets passed and the number of all."""

# As long as a broker may need to come back; less would end an evaluation by a restart.
_PATIENCE_READS = 120


@dataclass(slots=True, frozen=True)
class Pinned:
    """A topic between two moments.

    Attributes:
        begin: the first offset kept, by partition.
        end: the first offset not read, by partition.
    """

    topic: str
    begin: Mapping[int, int]
    end: Mapping[int, int]

    @property
    def size(self) -> int:
        """Number of offsets in between."""
        return sum(self.end[p] - self.begin[p] for p in self.end)


def pin(log: Log, topic: str) -> Pinned:
    """Fix where a topic begins and ends now.

    Raises:
        TopicMissing: there is no such topic.
        LogUnavailable: the broker did not answer.
    """
    marks = log.admin().watermarks(topic)
    return Pinned(
        topic,
        {p: low for p, (low, _) in marks.items()},
        {p: high for p, (_, high) in marks.items()},
    )


def read_partition(
    log: Log, pinned: Pinned, partition: int, on_progress: OnProgress | None = None
) -> Iterator[Record]:
    """Give all records of one partition between the pinned offsets, in their order.

    Raises:
        LogShrank: retention overtook the reading.
        EvaluationError: the broker fell silent.
    """
    begin, end = pinned.begin[partition], pinned.end[partition]
    if begin >= end:
        return
    place: Place = (pinned.topic, partition)
    with log.reader({place: begin}) as reader:
        silent = 0
        # Positions pass over control records too, so the end is reached where they stand last.
        while reader.positions[place] < end:
            before = reader.positions[place]
            try:
                records = reader.read(0.5, 2_000)
            except OffsetOutOfRange as error:
                raise LogShrank(
                    f"{pinned.topic}[{partition}] lost records while it was read: begin again"
                ) from error
            silent = 0 if reader.positions[place] > before else silent + 1
            if silent > _PATIENCE_READS:
                raise EvaluationError(
                    f"the broker gives nothing more of {pinned.topic}[{partition}] below its end"
                )
            for record in records:
                if record.offset >= end:
                    break
                yield record
            if on_progress is not None:
                on_progress(min(reader.positions[place], end) - begin, end - begin)


def last_values(log: Log, pinned: Pinned, partition: int) -> dict[bytes, bytes]:
    """Give the last value of each key of one partition of a compacted topic."""
    found: dict[bytes, bytes] = {}
    for record in read_partition(log, pinned, partition):
        if record.key is None:
            continue
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = record.value
    return found
