"""The proof: fold the log anew and compare with what the processors published, byte for byte.

The processors may be at work meanwhile. So the live tables are read first; then the log is folded
from its beginning, and each run is compared at the very record at which its live record stands
(`applied.offset`).
"""

from collections.abc import Callable, Collection

from durable_streaming.evaluation.partition_check import TABLES, PartitionCheck, Tables
from durable_streaming.evaluation.pinned import last_values, pin, read_partition
from durable_streaming.evaluation.report import Report
from durable_streaming.eventlog import Log
from durable_streaming.processors.fold.snapshot import POSITION_KEY, load_position
from durable_streaming.schemas import Topics, partition_for

OnProgress = Callable[[int, int], None]
"""Called with the number of partitions done and of all."""

# The tables are several topics, and a run may end between the reading of two of them. What is
# really wrong is wrong each time.
_ATTEMPTS = 3


def verify(
    log: Log,
    topics: Topics,
    run_ids: Collection[str] | None = None,
    on_progress: OnProgress | None = None,
) -> Report:
    """Compare the derived topics with the fold of the log.

    Args:
        log: where both are.
        topics: how the topics are called.
        run_ids: the runs to compare; None: all, and the dead letters.
        on_progress: told how many partitions are done.

    Raises:
        EventLogError: the log can't be read.
        EvaluationError: retention overtook the reading.
    """
    report = _verify_once(log, topics, run_ids, on_progress)
    for _ in range(_ATTEMPTS - 1):
        if not report.differences:
            break
        suspects = {found.run_id for found in report.differences if found.run_id is not None}
        letters = any(found.run_id is None for found in report.differences)
        again = _verify_once(log, topics, None if letters else suspects, None)
        report.differences = again.differences
    return report


def _verify_once(
    log: Log, topics: Topics, run_ids: Collection[str] | None, on_progress: OnProgress | None
) -> Report:
    report = Report()
    # The position is pinned before the tables, so they are at least as new as it says; the
    # events are pinned last, so that all the tables stand for is among them.
    positions = folded_positions(log, topics)
    pins = {
        "drafts": pin(log, topics.drafts),
        "packets": pin(log, topics.packets),
        "reconciliations": pin(log, topics.reconciliations),
        "dead_letters": pin(log, topics.dead_letters),
    }
    events = pin(log, topics.events)
    partitions = sorted(events.end)
    if run_ids is not None:
        partitions = sorted({partition_for(r.encode(), len(events.end)) for r in run_ids})
    seen: set[str] = set()
    for done, partition in enumerate(partitions):
        if on_progress is not None:
            on_progress(done, len(partitions))
        tables: Tables = {name: last_values(log, pins[name], partition) for name in TABLES}
        letters = list(read_partition(log, pins["dead_letters"], partition))
        check = PartitionCheck(
            events, partition, positions.get(partition, 0), tables, run_ids, report
        )
        seen |= check.run(read_partition(log, events, partition))
        if run_ids is None:
            check.compare_letters(letters)
        report.not_folded += max(0, events.end[partition] - positions.get(partition, 0))
    report.unknown = sorted(set(run_ids or ()) - seen)
    return report


def folded_positions(log: Log, topics: Topics) -> dict[int, int]:
    """Give the first offset of each partition that the processors have not folded yet."""
    pinned = pin(log, topics.state)
    found: dict[int, int] = {}
    for partition in pinned.end:
        value = last_values(log, pinned, partition).get(POSITION_KEY)
        if value is not None:
            found[partition] = load_position(value)
    return found
