"""What the transport relies on in Faust and aiokafka beyond their documented interface.

Faust is pinned to one version. Where one of these fails after an upgrade, the message says what
to read in the new version and which override to put right.
"""

import inspect
from importlib.metadata import version

import aiokafka
import faust
import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport import consumer as consumers
from faust.transport.drivers import aiokafka as driver

from durable_streaming.processors.transport import BatchConsumer, FetchedRecord
from durable_streaming.processors.transport.consumer import BatchConsumerThread
from durable_streaming.processors.transport.fetched import make_fetched_records

REVIEW = "review processors/transport/README.md and consumer.py"


def test_versions_are_the_reviewed_ones() -> None:
    assert version("faust-streaming") == "0.15.3", REVIEW
    assert version("aiokafka").startswith("0.14."), REVIEW


def test_the_consumer_asks_a_hook_for_its_thread() -> None:
    source = inspect.getsource(consumers.ThreadDelegateConsumer.__init__)
    assert "self._thread = self._new_consumer_thread()" in source, (
        f"Consumer._new_consumer_thread is not called any more: {REVIEW}"
    )
    assert "_new_consumer_thread" in vars(BatchConsumer)


def test_the_thread_asks_a_hook_for_its_client() -> None:
    source = inspect.getsource(driver.AIOKafkaConsumerThread._create_consumer)
    assert "self._create_worker_consumer(transport)" in source, (
        f"AIOKafkaConsumerThread._create_worker_consumer is not called any more: {REVIEW}"
    )


def test_the_client_is_made_with_all_that_faust_would_give_it() -> None:
    """A setting that a new version passes on must not get lost in our own construction."""
    stock = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    ours = inspect.getsource(BatchConsumerThread._create_worker_consumer)
    for name in inspect.signature(aiokafka.AIOKafkaConsumer).parameters:
        if f"{name}=" in stock:
            assert f"{name}=" in ours, f"Faust now sets {name}: {REVIEW}"


def test_fetched_records_reach_the_stream_through_getmany() -> None:
    assert inspect.signature(driver.AIOKafkaConsumerThread.getmany).parameters.keys() == {
        "self",
        "active_partitions",
        "timeout",
    }
    source = inspect.getsource(consumers.ThreadDelegateConsumer._getmany)
    assert "self._thread.getmany(active_partitions, timeout)" in source, REVIEW


def test_a_message_is_made_of_attributes_that_a_batch_has() -> None:
    from durable_streaming.processors.transport import Batch

    source = inspect.getsource(driver.Consumer._to_message)
    wanted = {
        line.split("record.")[1].rstrip(",\n ").split(" ")[0].split("\n")[0]
        for line in source.splitlines()
        if "record." in line
    }
    assert wanted == {
        "topic",
        "partition",
        "offset",
        "timestamp",
        "timestamp_type",
        "headers",
        "key",
        "value",
        "checksum",
        "serialized_key_size",
        "serialized_value_size",
    }, f"Faust reads other members of a record: give them to Batch; {REVIEW}"
    assert all(hasattr(Batch, name) for name in wanted)


def test_a_rebalance_ends_with_the_signal_then_the_seek_then_the_flow() -> None:
    """Partitions are opened on the signal; positions must be asked after it, flow resumed last."""
    source = inspect.getsource(Recovery.on_recovery_completed)
    steps = [
        "on_rebalance_complete.send()",
        "consumer.perform_seek()",
        "consumer.resume_flow()",
        "on_rebalance_end()",
    ]
    found = [source.find(step) for step in steps]
    assert -1 not in found, f"Recovery.on_recovery_completed changed: {REVIEW}"
    assert found == sorted(found), f"the order in on_recovery_completed changed: {REVIEW}"
    assert "await self.seek_to_committed()" in inspect.getsource(consumers.Consumer.perform_seek)


def test_recovery_asks_the_consumer_for_the_ends_of_changelogs() -> None:
    source = inspect.getsource(Recovery)
    for call in ("consumer.highwaters(", "consumer.earliest_offsets(", "consumer.seek_wait("):
        assert call in source, f"Recovery no longer asks {call}...): {REVIEW}"


def test_a_rebalance_is_seen_as_such_from_its_first_moment_to_its_end() -> None:
    assert "self.rebalancing = True" in inspect.getsource(App.on_rebalance_start), REVIEW
    assert "self.rebalancing = False" in inspect.getsource(App.on_rebalance_end), REVIEW
    listener = inspect.getsource(driver.ConsumerRebalanceListener.on_partitions_revoked)
    assert "on_rebalance_start()" in listener, REVIEW


def test_an_application_takes_a_transport() -> None:
    member = inspect.getattr_static(faust.App, "transport")
    assert isinstance(member, property), f"App.transport is no property any more: {REVIEW}"
    assert member.fset is not None, f"App.transport can't be set: {REVIEW}"


def test_the_fetcher_makes_each_record_by_the_method_that_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock = fetcher.PartitionRecords._consumer_record
    builder = DefaultRecordBatchBuilder(2, 0, 1, -1, -1, -1, 1_000_000)
    builder.append(0, 1_700_000_000_000, b"key", b"value", [("name", b"of the header")])
    builder.append(1, 1_700_000_000_001, None, None, [])
    fetched = MemoryRecords(bytes(builder.build()))
    place = aiokafka.TopicPartition("source", 3)
    arguments = (place, fetched, None, 0, None, None, True, fetcher.READ_COMMITTED)
    monkeypatch.setattr(fetcher.PartitionRecords, "_consumer_record", stock)  # to be put back
    make_fetched_records()
    assert list(fetcher.PartitionRecords(*arguments)) == [
        FetchedRecord(
            "source", 3, 0, b"key", b"value", 1_700_000_000_000, [("name", b"of the header")]
        ),
        FetchedRecord("source", 3, 1, None, None, 1_700_000_000_001, []),
    ], f"PartitionRecords._consumer_record changed: {REVIEW}"
    assert list(inspect.signature(stock).parameters) == ["self", "tp", "record"], REVIEW
