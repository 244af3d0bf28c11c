"""The members of a group share a topic: each record once, and again until it is committed."""

import time
from collections.abc import Callable

import pytest

from durable_streaming.eventlog import (
    Fenced,
    GroupReader,
    KafkaLog,
    KafkaSettings,
    Place,
    Record,
    TopicMissing,
)
from durable_streaming.schemas import Topics

pytestmark = pytest.mark.kafka

PARTITIONS = 2


@pytest.fixture
def topics(kafka_settings: KafkaSettings) -> Topics:
    KafkaLog(kafka_settings).admin().ensure_topics(kafka_settings.topics.specs(partitions=2))
    return kafka_settings.topics


def append(settings: KafkaSettings, *values: bytes, partition: int = 0) -> None:
    writer = KafkaLog(settings).writer()
    for value in values:
        writer.append(settings.topics.requests, None, value, partition=partition)
    assert writer.flush(20) == 0


def read(
    reader: GroupReader, enough: Callable[[list[Record]], bool], *others: GroupReader
) -> list[Record]:
    """Read until there is enough; the other members must be read too, or nothing is dealt out."""
    found: list[Record] = []
    deadline_s = time.monotonic() + 30
    while not enough(found):
        assert time.monotonic() < deadline_s
        found += reader.read(0.1)
        for other in others:
            assert other.read(0.05) == []
    return found


def test_a_record_comes_again_until_it_is_committed(
    kafka_settings: KafkaSettings, topics: Topics
) -> None:
    append(kafka_settings, b"a", b"b")
    place = (topics.requests, 0)
    with GroupReader(kafka_settings, topics.prefix + "g", topics.requests) as first:
        found = read(first, lambda found: len(found) >= 2)
        assert [record.value for record in found] == [b"a", b"b"]
        assert not any(first.is_new(record) for record in found)
        first.commit({place: found[0].offset + 1})
    with GroupReader(kafka_settings, topics.prefix + "g", topics.requests) as second:
        again = read(second, lambda found: len(found) >= 1)
        assert [record.value for record in again] == [b"b"]
        append(kafka_settings, b"c")
        (new,) = read(second, lambda found: len(found) >= 1)
        assert second.is_new(new)
        second.pause()
        append(kafka_settings, b"d")
        assert second.read(0.5) == []
        second.resume()
        assert [record.value for record in read(second, bool)] == [b"d"]


def test_members_share_the_places_and_one_that_leaves_hands_them_on(
    kafka_settings: KafkaSettings, topics: Topics
) -> None:
    every = {(topics.requests, partition) for partition in range(PARTITIONS)}
    gone: list[Place] = []
    group = topics.prefix + "g"
    with GroupReader(kafka_settings, group, topics.requests, on_gone=gone.extend) as first:
        read(first, lambda _: first.places == every)
        second = GroupReader(kafka_settings, group, topics.requests)
        read(second, lambda _: len(second.places) == 1, first)
        # All let go before places are dealt anew; a place that is kept comes back.
        assert set(gone) == every
        assert first.places | second.places == every
        assert len(first.places) == 1
        (lost,) = second.places
        with pytest.raises(Fenced):
            first.commit({lost: 5})
        second.close()
        read(first, lambda _: first.places == every)
    assert len(gone) == 2 + 1 + 2


def test_positions_by_time(kafka_settings: KafkaSettings, topics: Topics) -> None:
    append(kafka_settings, b"a")
    time.sleep(0.01)
    between_ms = int(time.time() * 1000)
    time.sleep(0.01)
    append(kafka_settings, b"b")
    with GroupReader(kafka_settings, topics.prefix + "g", topics.requests) as reader:
        place = (topics.requests, 0)
        assert reader.offset_at(place, between_ms) == 1
        assert reader.offset_at(place, 0) == 0
        assert reader.offset_at(place, between_ms + 3_600_000) is None


def test_a_missing_topic_is_said(kafka_settings: KafkaSettings) -> None:
    with (
        GroupReader(kafka_settings, "test-nobody", kafka_settings.topics.requests) as reader,
        pytest.raises(TopicMissing, match="durable topics"),
    ):
        read(reader, bool)
