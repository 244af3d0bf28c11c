"""Emptying everything derived, so that it is folded again from the beginning of the log."""

import logging

from durable_streaming.eventlog import LogAdmin, TransactionalWriter
from durable_streaming.eventlog.kafka import KafkaLog

from .errors import StillRunning
from .partitions.recovery import recover
from .partitions.store import LocalStore
from .partitions.tables import TABLE_NAMES, table_topics, topic_of
from .settings import ProcessorSettings

logger = logging.getLogger(__name__)


def empty_derived(settings: ProcessorSettings) -> None:
    """Empty the derived topics; the next worker folds from the first offset.

    Tables are emptied by tombstones, so that whoever follows them sees their keys go; what has no
    keys to follow, dead letters and control, is deleted. A partition's tables go in one
    transaction: a failure leaves each partition either as it was or empty. It may be run again.

    Raises:
        StillRunning: workers of this installation run.
        EventLogError: the log can't be reached, read or written.
    """
    log, topics = KafkaLog(settings), settings.topics
    admin = log.admin()
    members = admin.group_members(settings.application)
    if members:
        msg = f"{members} processors of {settings.application} run: stop them first"
        raise StillRunning(msg)
    partitions = admin.describe(topics.events).partitions
    for name in ("dead_letters", "control"):
        topic = topic_of(topics, name)
        admin.delete_before({(topic, partition): -1 for partition in range(partitions)})
    for partition in range(partitions):
        writer = log.transactional_writer(f"{settings.application}-{partition}")
        writer.fence()
        keys = _empty_partition(settings, log, admin, writer, partition)
        writer.close()
        logger.info("partition emptied", extra={"partition": partition, "keys": keys})
    admin.close()


def _empty_partition(
    settings: ProcessorSettings,
    log: KafkaLog,
    admin: LogAdmin,
    writer: TransactionalWriter,
    partition: int,
) -> int:
    tables = table_topics(settings.topics)
    marks = {topic: admin.watermarks(topic)[partition] for topic in tables}
    store = LocalStore(settings.work_dir / "rebuild" / str(partition), {})
    try:
        store.clear()
        recover(store, log, partition, tables, marks)
        writer.begin()
        count = 0
        for table in TABLE_NAMES:
            tombstones = [(key, None) for key, _ in store.scan(table, b"")]
            if tombstones:
                writer.append_all(topic_of(settings.topics, table), tombstones, partition=partition)
            count += len(tombstones)
        writer.commit()
        store.clear()
    finally:
        store.close()
    return count
