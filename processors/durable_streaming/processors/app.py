"""The Faust application: the source stream, the derived tables, the partitions behind them."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import faust
from faust.types import TP
from yarl import URL

from durable_streaming.eventlog import KafkaLog, Log

from .broker import faust_credentials
from .brokertime import BrokerTime
from .fold import PartitionFold
from .metrics import Metrics
from .partitions.folding import RestoreFold
from .partitions.opening import Site
from .partitions.owner import CommitPolicy
from .partitions.ownership import Ownership
from .partitions.store import LocalStore
from .settings import ProcessorSettings
from .tables import STORE_URL, DerivedTable
from .transport import BatchConsumer, BatchLimits, BatchSchema, BatchTransport

logger = logging.getLogger(__name__)

# Batches waiting for the fold. Each may hold thousands of records, so it is few.
_BATCHES_WAITING: Final = 16
# Faust writes nothing and expires nothing here; its timers only have to exist.
_NEVER_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Processor:
    """A worker's parts, made but not started."""

    settings: ProcessorSettings
    log: Log
    app: faust.App
    ownership: Ownership
    metrics: Metrics
    broker_time: BrokerTime
    claim: LocalStore
    """Held open as long as the process lives, so that its name is used once on this machine."""

    def highwater(self, partition: int) -> int | None:
        """Return the end of a source partition as of the last fetch, None where not known."""
        end: int | None = self.app.consumer.highwater(TP(self.settings.topics.events, partition))
        return end

    async def report_positions(self) -> None:
        """Commit the positions for the consumer group, where tools look for lag."""
        consumer, topic = self.app.consumer, self.settings.topics.events
        if isinstance(consumer, BatchConsumer):
            await consumer.report_positions(
                {TP(topic, owner.partition): owner.committed for owner in self.ownership}
            )

    def caught_up(self, partition: int) -> bool:
        """Say whether everything of a source partition that the last fetch knew of is folded."""
        if not self.ownership.ready:
            return False  # the consumer knows nothing of a partition that is being assigned
        owner, end = self.ownership.get(partition), self.highwater(partition)
        return owner is not None and end is not None and owner.next_offset >= end


def create_processor(
    settings: ProcessorSettings,
    *,
    on_failure: Callable[[BaseException], None],
    log: Log | None = None,
    restore: RestoreFold = PartitionFold.restore,
) -> Processor:
    """Make a worker.

    Args:
        settings: how it runs.
        on_failure: told what must end the process; it must not return to work.
        log: where topics are read and written beside Faust's own consumer.
        restore: makes the fold of a partition.

    Raises:
        StoreLocked: a worker of this name runs on this machine already.
        EventLogError: the log can't be reached, or the topics are not there.
    """
    topics, identity = settings.topics, settings.identity()
    directory = settings.work_dir / identity
    # Before the group is joined: there a second worker of this name would push the first one out.
    claim = LocalStore(directory / "claim", {"worker": identity})
    log = log or KafkaLog(settings)
    metrics = Metrics()
    app = _faust_app(settings, identity)

    async def reread(partition: int, offset: int) -> None:
        await app.consumer.seek_wait({TP(topics.events, partition): offset})

    ownership = Ownership(
        Site(
            log=log,
            topics=topics,
            application=settings.application,
            directory=directory,
            restore=restore,
        ),
        CommitPolicy(
            interval_s=settings.commit_interval,
            records=settings.transaction_records,
            bytes=settings.transaction_bytes,
        ),
        metrics,
        reread=reread,
        on_failure=on_failure,
        clock=time.monotonic,
    )

    def position(tp: TP) -> int | None:
        owner = ownership.get(tp.partition) if tp.topic == topics.events else None
        return None if owner is None else owner.next_offset

    app.transport = BatchTransport(
        [URL(url) for url in _broker_urls(settings)],
        app,
        position=position,
        limits=BatchLimits(records=settings.batch_records, bytes=settings.batch_bytes),
    )
    processor = Processor(settings, log, app, ownership, metrics, BrokerTime(), claim)
    _declare_tables(app, log, settings, ownership)
    _declare_stream(processor, on_failure)
    _follow_rebalances(app, ownership, topics.events)
    return processor


def _faust_app(settings: ProcessorSettings, identity: str) -> faust.App:
    return faust.App(
        settings.application,
        broker=_broker_urls(settings),
        broker_credentials=faust_credentials(settings),
        # Faust's assignor compares these between workers; nothing listens there.
        canonical_url=f"http://{identity}",
        datadir=str(settings.work_dir / identity / "faust"),
        store=STORE_URL,
        consumer_group_instance_id=identity,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=1_048_576,
        # Who leads a partition after a broker died is learnt from metadata alone.
        consumer_metadata_max_age_ms=3_000,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 4,
        broker_request_timeout=max(30.0, settings.session_timeout * 2),
        broker_commit_interval=_NEVER_S,
        broker_commit_livelock_soft_timeout=_NEVER_S,
        stream_buffer_maxsize=_BATCHES_WAITING,
        stream_wait_empty=False,
        # Compared by Faust with what it would have recovered, which is nothing.
        recovery_consistency_check=False,
        table_standby_replicas=0,
        table_cleanup_interval=_NEVER_S,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )


def _broker_urls(settings: ProcessorSettings) -> list[str]:
    return [f"kafka://{server.strip()}" for server in settings.kafka_bootstrap.split(",")]


def _declare_tables(
    app: faust.App, log: Log, settings: ProcessorSettings, ownership: Ownership
) -> None:
    topics = settings.topics
    admin = log.admin()
    try:
        partitions = admin.describe(topics.events).partitions
    finally:
        admin.close()
    options: Mapping[str, Any] = {"ownership": ownership, "partitions": partitions}
    for name in ("drafts", "packets", "reconciliations"):
        table = DerivedTable(
            app,
            name=name,
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            changelog_topic=app.topic(
                getattr(topics, name), key_type=bytes, value_type=bytes, acks=False
            ),
            options=options,
        )
        app.tables.add(table)


def _declare_stream(processor: Processor, on_failure: Callable[[BaseException], None]) -> None:
    app, ownership = processor.app, processor.ownership
    topic = processor.settings.topics.events
    at_end: set[int] = set()

    # Not acknowledged to Faust: the position is committed with the outputs, by the owner.
    @app.agent(app.topic(topic, schema=BatchSchema(), acks=False), name="fold")
    async def fold(batches: Any) -> None:
        async for records in batches:
            partition = records[0].partition
            try:
                await ownership.feed(partition, records, end=processor.highwater(partition))
            except Exception as error:
                # Faust would count the batch as done and go on with the next.
                on_failure(error)
                raise
            if partition in at_end:
                # Nothing was left to read before these came, so they were appended just now.
                processor.broker_time.observe(records[-1].timestamp_ms)
            if processor.caught_up(partition):
                at_end.add(partition)
            else:
                at_end.discard(partition)


def _follow_rebalances(app: faust.App, ownership: Ownership, topic: str) -> None:
    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        await ownership.suspend()

    # Before Faust seeks and resumes, outside the group's callback: heartbeats go on meanwhile,
    # and recovering without a local store may take longer than the session.
    @app.on_rebalance_complete.connect
    async def complete(*_: Any, **__: Any) -> None:
        assignment = app.consumer.assignment()
        await ownership.assign({tp.partition for tp in assignment if tp.topic == topic})
