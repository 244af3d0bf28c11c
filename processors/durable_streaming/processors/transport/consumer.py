"""The consumer behind the batch transport: fetched records go in, one batch per message comes out.

Everything overridden here is a public method of Faust's consumer classes but for the two hooks by
which Faust makes its thread and its client: `_new_consumer_thread` and `_create_worker_consumer`.
tests/processors/transport/test_private_members.py guards both.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import aiokafka
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from .batch import Batch, split
from .fetched import make_fetched_records

if TYPE_CHECKING:
    from .transport import BatchTransport

logger = logging.getLogger(__name__)

# Long enough not to spin while a rebalance lasts, short enough not to be felt when it ends.
_REBALANCE_POLL_S = 0.02

# A host that is gone refuses nothing. aiokafka opens one connection at a time and gives each as
# long as a request may take, which is long, for a rebalance is one.
_CONNECT_S = 3.0


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches in its own thread and hands over whole batches."""

    transport: "BatchTransport"
    _client: aiokafka.AIOKafkaConsumer | None = None

    async def getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> Mapping[TP, list[Batch]]:
        """Return the batches that are ready; none while the application rebalances.

        Faust clears its queues when a rebalance ends, after it set the read positions: a record
        delivered in between would never be seen again. So nothing is delivered in between.
        """
        if self.app.rebalancing:
            await asyncio.sleep(_REBALANCE_POLL_S)
            return {}
        fetched = await super().getmany(active_partitions, timeout)
        if self.app.rebalancing:
            return {}  # read again after the seek that ends the rebalance
        limits = self.transport.limits
        return {tp: list(split(records, limits)) for tp, records in fetched.items() if records}

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek each source partition to the position its owner folded up to.

        Faust asks this at the end of each rebalance. The group's committed offset is for lag
        tools: it may be behind, and aiokafka leaves a partition where it is that has none.
        """
        positions = {
            tp: position
            for tp in self.assignment()
            if (position := self.transport.position(tp)) is not None
        }
        await self.seek_wait(positions)
        return positions

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek source partitions; a changelog partition is put to rest instead.

        Faust subscribes to changelogs so that its assignor keeps them with their source
        partition, but tables are recovered by the partition's owner. Unpaused, aiokafka would
        fetch the changelogs all the same and hold what nobody asks for.
        """
        changelogs, sources = self._split_changelogs(partitions)
        if changelogs:
            await self.call_thread(self._pause, changelogs)
        await super().seek_wait({tp: partitions[tp] for tp in sources})

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Tell Faust's recovery that changelogs are empty, so that it finds nothing to read."""
        changelogs, sources = self._split_changelogs(partitions)
        empty = dict.fromkeys(changelogs, 0)
        return {**await super().highwaters(*sources), **empty} if sources else empty

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Tell Faust's recovery that changelogs begin where they end (see `highwaters`)."""
        changelogs, sources = self._split_changelogs(partitions)
        empty = dict.fromkeys(changelogs, 0)
        return {**await super().earliest_offsets(*sources), **empty} if sources else empty

    def _split_changelogs(self, partitions: Iterable[TP]) -> tuple[list[TP], list[TP]]:
        names = self.app.tables.changelog_topics
        partitions = list(partitions)
        return (
            [tp for tp in partitions if tp.topic in names],
            [tp for tp in partitions if tp.topic not in names],
        )

    async def report_positions(self, positions: Mapping[TP, int]) -> None:
        """Commit next offsets for the group, for tools that show lag; a failure is only logged."""
        offsets = {
            aiokafka.TopicPartition(tp.topic, tp.partition): position
            for tp, position in positions.items()
        }
        client = self._client
        if client is None:
            return
        try:
            await self.call_thread(client.commit, offsets)
        except KafkaError as error:
            # A rebalance in progress is the usual reason. The true position is in the state topic.
            logger.warning("group offsets not committed: %s", type(error).__name__)

    async def _pause(self, partitions: Iterable[TP]) -> None:
        client = self._client
        if client is None:
            return
        assigned = client.assignment()
        aio = [aiokafka.TopicPartition(tp.topic, tp.partition) for tp in partitions]
        client.pause(*[tp for tp in aio if tp in assigned])

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        # Made here because Faust fixes fetch_max_wait_ms at 1,500, which stalls a catch-up over
        # uneven partitions, and reads uncommitted records outside its own exactly-once mode.
        conf = self.app.conf
        _bound_connecting(asyncio.get_running_loop())
        make_fetched_records()
        self._client = aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self.app.assignor],
            enable_auto_commit=False,
            auto_offset_reset=conf.consumer_auto_offset_reset,
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=self.transport.fetch_max_wait_ms,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            check_crcs=conf.broker_check_crcs,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            isolation_level="read_committed",
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )
        return self._client


def _bound_connecting(loop: asyncio.AbstractEventLoop) -> None:
    """Let no connection of this loop, which is the consumer thread's alone, take long to open."""
    connect = loop.create_connection

    async def create_connection(*args: Any, **kwargs: Any) -> Any:
        async with asyncio.timeout(_CONNECT_S):
            return await connect(*args, **kwargs)

    loop.create_connection = create_connection  # type: ignore[method-assign]


class BatchConsumer(driver.Consumer):
    """Faust's consumer over `BatchConsumerThread`."""

    _batch_thread: BatchConsumerThread

    def _new_consumer_thread(self) -> BatchConsumerThread:
        self._batch_thread = BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)
        return self._batch_thread

    async def report_positions(self, positions: Mapping[TP, int]) -> None:
        """Commit next offsets for the group (see `BatchConsumerThread.report_positions`)."""
        await self._batch_thread.report_positions(positions)

    def verify_event_path(self, now: float, tp: TP) -> Any:
        """Skip Faust's livelock report: it reads aiokafka's internals and only logs.

        It knows one message an offset and commits of its own; the worker's watchdog judges by
        positions instead, and ends the process.
        """
