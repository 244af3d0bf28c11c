"""Bringing a local store up to the end of its changelogs, in bulk."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Final

from durable_streaming.eventlog import Log, LogUnavailable, Place, Record

from .store import LocalStore
from .tables import TableName

logger = logging.getLogger(__name__)

# A write batch large enough to cost nothing per record, small enough not to be felt in memory.
_BULK_RECORDS: Final = 5_000
_POLL_S: Final = 0.5
# The broker answers an empty fetch within 0.1 s; so long without progress is a broker that is away.
_PATIENCE_S: Final = 30.0


def recover(
    store: LocalStore,
    log: Log,
    partition: int,
    tables: Mapping[str, TableName],
    watermarks: Mapping[str, tuple[int, int]],
) -> int:
    """Apply what the store misses of its changelogs.

    The caller has fenced the partition's transactional id, so the changelogs' ends stand still:
    nobody else writes them, and no transaction is open.

    Args:
        store: brought up to date in place; emptied first where the log contradicts it.
        log: where the changelogs are.
        partition: which partition of them.
        tables: table name by topic name.
        watermarks: low and high watermark by topic name, asked after the fencing.

    Returns:
        Number of changelog records applied.

    Raises:
        LogUnavailable: the log gave nothing for too long.
        EventLogError: the changelogs can't be read.
    """
    if any(
        not watermarks[topic][0] <= store.positions[table] <= watermarks[topic][1]
        for topic, table in tables.items()
        if table in store.positions
    ):
        # Records it stands for were deleted, or it saw what the log does not have (any more).
        logger.warning("local store contradicts the log: dropped", extra={"partition": partition})
        store.clear()
    begin = {
        (topic, partition): store.positions.get(table, watermarks[topic][0])
        for topic, table in tables.items()
    }
    ends = {(topic, partition): watermarks[topic][1] for topic in tables}
    behind = {place: offset for place, offset in begin.items() if offset < ends[place]}
    if not behind:
        return 0
    applied = 0
    with log.reader(behind) as reader:
        last_progress = time.monotonic()
        while _missing(reader.positions, behind, ends):
            records = reader.read(_POLL_S, _BULK_RECORDS)
            positions: dict[str, int] = {
                tables[topic]: offset for (topic, _), offset in reader.positions.items()
            }
            if positions != store.positions or records:
                last_progress = time.monotonic()
            elif time.monotonic() - last_progress > _PATIENCE_S:
                msg = f"changelogs of partition {partition} gave nothing for {_PATIENCE_S:.0f} s"
                raise LogUnavailable(msg)
            store.write(_changes(records, tables), positions)
            applied += len(records)
    return applied


def _missing(
    positions: Mapping[Place, int], places: Iterable[Place], ends: Mapping[Place, int]
) -> bool:
    # Positions, not records: the last offsets of a changelog are commit markers, or compacted.
    return any(positions[place] < ends[place] for place in places)


def _changes(
    records: Iterable[Record], tables: Mapping[str, TableName]
) -> Iterable[tuple[str, bytes, bytes | None]]:
    for record in records:
        if record.key is not None:
            yield tables[record.topic], record.key, record.value
