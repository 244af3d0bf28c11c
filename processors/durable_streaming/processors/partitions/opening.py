"""Taking a source partition over: fence, recover, restore, in this order."""

import logging
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from durable_streaming.eventlog import Fenced as WriterFenced
from durable_streaming.eventlog import Log, TransactionalWriter
from durable_streaming.schemas import Topics

from ..errors import Fenced, PositionLost, StateTooNew
from ..fold import StateLostError, StateVersionError
from .folding import Fold, RestoreFold
from .lookup import RecordLookup
from .overlay import OverlayStore
from .recovery import recover
from .store import LocalStore
from .tables import table_topics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where partitions live: the log, the names, the disk."""

    log: Log
    topics: Topics
    application: str
    """Prefix of the transactional ids: the same for all workers of one installation."""
    directory: Path
    """Local stores of this worker, one directory a partition."""
    restore: RestoreFold


@dataclass(slots=True)
class OpenPartition:
    """A partition that this worker may fold and write."""

    partition: int
    writer: TransactionalWriter
    store: LocalStore
    overlay: OverlayStore
    lookup: RecordLookup
    fold: Fold

    def close(self) -> None:
        """Release everything; what was not committed is forgotten."""
        self.lookup.close()
        self.writer.close()
        self.store.close()


def open_partition(site: Site, partition: int) -> OpenPartition:
    """Become the owner of a partition. Blocks; run it in a thread.

    Raises:
        Fenced: yet another worker took it over meanwhile.
        StateTooNew: a newer version wrote the state.
        PositionLost: the source is shorter than what was folded of it.
        StoreLocked: another process has the local store open.
        EventLogError: the log can't be reached or read.
    """
    began = time.monotonic()
    with ExitStack() as undo:
        writer = site.log.transactional_writer(f"{site.application}-{partition}")
        undo.callback(writer.close)
        try:
            # First of all: now the predecessor can't commit, and what it left open is aborted.
            writer.fence()
        except WriterFenced as error:
            raise Fenced(f"partition {partition} was taken over while it was opened") from error
        source = _Source.ask(site, partition)
        store = LocalStore(site.directory / str(partition), source.identity)
        undo.callback(store.close)
        lookup = RecordLookup(site.log, site.topics.events, partition)
        undo.callback(lookup.close)
        overlay = OverlayStore(store)
        try:
            applied = _recover(site, store, source)
            fold = site.restore(partition, source.partitions, overlay, lookup)
        except StateLostError as error:
            # The state names a record that the local store lacks: it is damaged. The topics are
            # the truth; where they lack it too, the second try says so.
            logger.error("local store is incomplete: dropped", extra={"missing": str(error)})
            store.clear()
            applied = _recover(site, store, source)
            fold = site.restore(partition, source.partitions, overlay, lookup)
        except StateVersionError as error:
            raise StateTooNew(f"partition {partition}: {error}") from error
        _check_position(fold.next_offset, source.watermarks[site.topics.events], partition)
        undo.pop_all()
    logger.info(
        "partition opened",
        extra={
            "partition": partition,
            "next_offset": fold.next_offset,
            "changelog_records": applied,
            "seconds": round(time.monotonic() - began, 3),
        },
    )
    return OpenPartition(partition, writer, store, overlay, lookup, fold)


@dataclass(frozen=True, slots=True)
class _Source:
    """What the broker says of a partition, asked once after the fencing."""

    partition: int
    partitions: int
    watermarks: Mapping[str, tuple[int, int]]
    identity: Mapping[str, str]

    @classmethod
    def ask(cls, site: Site, partition: int) -> Self:
        """Ask for the incarnation and the ends of the source and its tables."""
        admin = site.log.admin()
        try:
            names = (site.topics.events, *table_topics(site.topics))
            infos = {topic: admin.describe(topic) for topic in names}
            marks = {topic: admin.watermarks(topic)[partition] for topic in names}
        finally:
            admin.close()
        identity = {
            "application": site.application,
            "partition": str(partition),
            **{topic: info.topic_id for topic, info in infos.items()},
        }
        return cls(partition, infos[site.topics.events].partitions, marks, identity)


def _recover(site: Site, store: LocalStore, source: _Source) -> int:
    tables = table_topics(site.topics)
    marks = {topic: source.watermarks[topic] for topic in tables}
    return recover(store, site.log, source.partition, tables, marks)


def _check_position(position: int, watermarks: tuple[int, int], partition: int) -> None:
    low, high = watermarks
    if position > high:
        msg = (
            f"partition {partition} was folded up to {position}, but the source ends at {high}: "
            "it was truncated or created anew; `durable rebuild` folds what there is"
        )
        raise PositionLost(msg)
    if 0 < position < low:
        logger.error(
            "records expired before they were folded",
            extra={"partition": partition, "from_offset": position, "next_offset": low},
        )
