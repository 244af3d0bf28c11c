"""Taking a partition over from a worker that died at any point."""

from pathlib import Path

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.processors.errors import Fenced, PositionLost, StateTooNew
from durable_streaming.processors.fold import StateLostError
from durable_streaming.processors.fold.snapshot import POSITION_KEY
from durable_streaming.processors.partitions.opening import OpenPartition, open_partition
from durable_streaming.processors.partitions.transaction import write
from tests.processors.derived import differences, folded, stored
from tests.processors.partitions.sites import (
    TOPICS,
    append,
    key_of,
    new_log,
    new_owner,
    new_site,
    source,
)
from tests.processors.samples import clean_run, untidy_log


def fold_and_commit(log: MemoryLog, opened: OpenPartition, *, until: int | None = None) -> None:
    opened.fold.feed_all(
        record for record in source(log, opened.partition) if until is None or record.offset < until
    )
    derived = opened.fold.drain()
    opened.overlay.stage((d.topic, d.key, d.value) for d in derived)
    write(opened.writer, TOPICS, opened.partition, derived)
    opened.overlay.settle({})


@pytest.mark.parametrize("cut", [0, 1, 50, 120])
@pytest.mark.parametrize("keep_disk", [True, False])
def test_the_successor_goes_on_where_the_last_transaction_stood(
    tmp_path: Path, cut: int, keep_disk: bool
) -> None:
    log = new_log()
    append(log, untidy_log(1, runs=12, deltas=20))
    for partition in range(2):
        first = open_partition(new_site(log, tmp_path / "a"), partition)
        fold_and_commit(log, first, until=cut)
        # Folded, not committed: the death of the first must leave no trace of it.
        first.fold.feed_all(source(log, partition)[cut : cut + 30])
        first.close()
        second = open_partition(new_site(log, tmp_path / ("a" if keep_disk else "b")), partition)
        assert second.fold.next_offset == min(cut, len(source(log, partition)))
        fold_and_commit(log, second)
        second.close()
    assert differences(folded(log, TOPICS), stored(log, TOPICS)) == []


def test_the_predecessor_can_not_commit_any_more(tmp_path: Path) -> None:
    log = new_log()
    append(log, clean_run(key_of(0), 3))
    first = open_partition(new_site(log, tmp_path / "a"), 0)
    second = open_partition(new_site(log, tmp_path / "b"), 0)
    before = stored(log, TOPICS)
    with pytest.raises(Fenced, match="partition 0"):
        fold_and_commit(log, first)
    assert stored(log, TOPICS) == before
    fold_and_commit(log, second)
    assert differences(folded(log, TOPICS), stored(log, TOPICS)) == []
    first.close()
    second.close()


def test_a_source_shorter_than_its_position_is_refused(tmp_path: Path) -> None:
    log = new_log()
    append(log, clean_run(key_of(0), 3))
    opened = open_partition(new_site(log, tmp_path / "a"), 0)
    fold_and_commit(log, opened)
    opened.close()
    position = stored(log, TOPICS).tables["state", 0, POSITION_KEY]
    writer = log.writer()
    writer.append(
        TOPICS.state,
        POSITION_KEY,
        position.replace(b'"next_offset":5', b'"next_offset":99'),
        partition=0,
    )
    writer.flush(1)
    with pytest.raises(PositionLost, match="durable rebuild"):
        open_partition(new_site(log, tmp_path / "b"), 0)


def test_state_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    log = new_log()
    writer = log.writer()
    writer.append(TOPICS.state, POSITION_KEY, b'{"version":999,"next_offset":0}', partition=0)
    writer.flush(1)
    with pytest.raises(StateTooNew, match="999"):
        open_partition(new_site(log, tmp_path / "a"), 0)


async def test_a_store_that_lacks_what_the_fold_needs_is_recovered_after_a_restart(
    tmp_path: Path,
) -> None:
    log = new_log()
    append(log, clean_run(key_of(0), 600, end=False))
    opened = open_partition(new_site(log, tmp_path), 0)
    fold_and_commit(log, opened)
    chunks = [key for key, _ in opened.store.scan("drafts", b"") if b"#" in key]
    assert chunks, "the run must be long enough to have sealed text"
    ends = {t: log.admin().watermarks(getattr(TOPICS, t))[0][1] for t in ("drafts", "state")}
    opened.store.write([("drafts", key, None) for key in chunks], ends)
    opened.close()
    append(log, clean_run(key_of(0), 600)[-1:])
    opened = open_partition(new_site(log, tmp_path), 0)
    owner = new_owner(opened)
    with pytest.raises(StateLostError, match="not in the store"):
        owner.feed(source(log, 0)[owner.next_offset :])
    owner.close()
    opened = open_partition(new_site(log, tmp_path), 0)
    fold_and_commit(log, opened)
    opened.close()
    assert differences(folded(log, TOPICS), stored(log, TOPICS)) == []
