"""One contract suite; the log in memory and Kafka's are held to it alike."""

import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from durable_streaming.eventlog import (
    Fenced,
    KafkaLog,
    KafkaSettings,
    Log,
    MemoryLog,
    OffsetOutOfRange,
    Outcome,
    Place,
    Reader,
    Record,
    RecordTooLarge,
    Stored,
    TopicMismatch,
    TopicMissing,
)
from durable_streaming.schemas import ResumeToken, Topics, partition_for

PARTITIONS = 3


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    if request.param == "memory":
        yield MemoryLog()
        return
    settings: KafkaSettings = request.getfixturevalue("kafka_settings")
    yield KafkaLog(settings)


@pytest.fixture
def topics(log: Log) -> Topics:
    topics = Topics(
        log.settings.topic_prefix if isinstance(log, KafkaLog) else f"m-{uuid.uuid4().hex}."
    )
    log.admin().ensure_topics(topics.specs(partitions=PARTITIONS))
    return topics


def read_until(reader: Reader, enough: Callable[[list[Record]], bool]) -> list[Record]:
    found: list[Record] = []
    deadline = time.monotonic() + 20
    while not enough(found) and time.monotonic() < deadline:
        found += reader.read(0.2)
    return found


def read_to_end(log: Log, *places: Place) -> list[Record]:
    with log.reader(dict.fromkeys(places, 0)) as reader:
        return read_until(reader, lambda _: all(reader.at_end(p) for p in places))


def test_what_is_stored_is_read_back_in_order(log: Log, topics: Topics) -> None:
    writer = log.writer()
    outcomes: list[Outcome] = []
    values = [b"%d" % n for n in range(100)]
    for value in values:
        writer.append(topics.events, b"run_1", value, on_outcome=outcomes.append)
    assert writer.flush(20) == 0
    home = partition_for(b"run_1", PARTITIONS)
    assert outcomes == [Stored(home, n) for n in range(100)]
    records = read_to_end(log, (topics.events, home))
    assert [r.value for r in records] == values
    assert [r.offset for r in records] == list(range(100))
    assert {r.key for r in records} == {b"run_1"}
    assert abs(records[0].timestamp_ms / 1000 - time.time()) < 60


def test_positions_are_next_offsets(log: Log, topics: Topics) -> None:
    writer = log.writer()
    for n in range(10):
        writer.append(topics.events, None, b"%d" % n, partition=1)
    writer.flush(20)
    place = (topics.events, 1)
    with log.reader({place: 4}) as reader:
        records = read_until(reader, lambda found: len(found) >= 6)
        assert [r.offset for r in records] == [4, 5, 6, 7, 8, 9]
        assert reader.positions[place] == 10


def test_headers_and_absent_values_survive(log: Log, topics: Topics) -> None:
    writer = log.writer()
    writer.append(topics.drafts, b"k", None, partition=0, headers=[("reason", b"x"), ("n", b"")])
    writer.flush(20)
    (record,) = read_to_end(log, (topics.drafts, 0))
    assert record.value is None
    assert list(record.headers) == [("reason", b"x"), ("n", b"")]


def test_a_reader_waits_for_what_comes_later(log: Log, topics: Topics) -> None:
    place = (topics.events, 0)
    with log.reader({place: 0}) as reader:
        read_until(reader, lambda _: reader.at_end(place))
        writer = log.writer()
        writer.append(topics.events, None, b"late", partition=0)
        writer.flush(20)
        records = read_until(reader, lambda found: bool(found))
        assert [r.value for r in records] == [b"late"]


def test_a_paused_place_gives_nothing(log: Log, topics: Topics) -> None:
    writer = log.writer()
    for partition in (0, 1):
        writer.append(topics.events, None, b"x", partition=partition)
    writer.flush(20)
    places = [(topics.events, 0), (topics.events, 1)]
    with log.reader(dict.fromkeys(places, 0)) as reader:
        reader.pause(places[:1])
        found = read_until(reader, lambda _: reader.at_end(places[1]))
        assert {r.partition for r in found} == {1}
        reader.resume(places[:1])
        found = read_until(reader, lambda found: bool(found))
        assert {r.partition for r in found} == {0}


def test_a_position_out_of_range_is_said(log: Log, topics: Topics) -> None:
    with log.reader({(topics.events, 2): 5}) as reader:
        for _ in range(2):
            with pytest.raises(OffsetOutOfRange) as raised:
                read_until(reader, lambda _: False)
            assert (raised.value.topic, raised.value.partition, raised.value.offset) == (
                topics.events, 2, 5,
            )  # fmt: skip


def test_a_position_below_the_low_watermark_is_said(log: Log, topics: Topics) -> None:
    writer = log.writer()
    for _ in range(5):
        writer.append(topics.events, None, b"x", partition=0)
    writer.flush(20)
    admin = log.admin()
    admin.delete_before({(topics.events, 0): 3})  # type: ignore[attr-defined]
    assert admin.watermarks(topics.events)[0] == (3, 5)
    with (
        log.reader({(topics.events, 0): 2}) as reader,
        pytest.raises(OffsetOutOfRange),
    ):
        read_until(reader, lambda _: False)


def test_a_record_too_large_is_refused_before_it_is_taken(log: Log, topics: Topics) -> None:
    writer = log.writer()
    with pytest.raises(RecordTooLarge):
        writer.append(topics.events, b"k", b"x" * 9_000_000)
    assert writer.flush(5) == 0


def test_transactions_become_visible_together_or_not_at_all(log: Log, topics: Topics) -> None:
    writer = log.transactional_writer(f"{topics.prefix}t")
    writer.fence()
    writer.begin()
    writer.append(topics.drafts, b"a", b"1", partition=0)
    writer.abort()
    writer.begin()
    writer.append(topics.drafts, b"a", b"2", partition=0)
    writer.append(topics.packets, b"a", b"3", partition=0)
    with log.reader({(topics.drafts, 0): 0}) as reader:
        assert reader.read(0.5) == []
        ends = writer.commit()
        drafts = read_until(reader, lambda found: bool(found))
    assert [r.value for r in drafts] == [b"2"]
    assert ends == {(topics.drafts, 0): drafts[0].offset + 1, (topics.packets, 0): 1}
    assert [r.value for r in read_to_end(log, (topics.packets, 0))] == [b"3"]
    writer.close()


def test_records_added_together_keep_their_order_and_say_where_they_end(
    log: Log, topics: Topics
) -> None:
    writer = log.transactional_writer(f"{topics.prefix}t")
    writer.fence()
    writer.begin()
    records = [(b"%d" % n, b"x") for n in range(300)]
    writer.append_all(topics.drafts, records, partition=0)
    writer.append_all(topics.packets, [(b"a", None)], partition=0)
    ends = writer.commit()
    drafts = read_to_end(log, (topics.drafts, 0))
    assert [(r.key, r.value) for r in drafts] == records
    assert ends == {(topics.drafts, 0): drafts[-1].offset + 1, (topics.packets, 0): 1}
    writer.close()


def test_positions_pass_over_what_nobody_is_given(log: Log, topics: Topics) -> None:
    writer = log.transactional_writer(f"{topics.prefix}t")
    writer.fence()
    writer.begin()
    writer.append(topics.drafts, b"a", b"1", partition=0)
    writer.commit()
    place = (topics.drafts, 0)
    with log.reader({place: 0}) as reader:
        read_until(reader, lambda _: reader.at_end(place))
        assert reader.positions[place] == log.admin().watermarks(topics.drafts)[0][1]
    writer.close()


def test_a_fenced_writer_changes_nothing(log: Log, topics: Topics) -> None:
    old = log.transactional_writer(f"{topics.prefix}t")
    old.fence()
    old.begin()
    old.append(topics.drafts, b"a", b"old", partition=0)
    new = log.transactional_writer(f"{topics.prefix}t")
    new.fence()
    new.begin()
    new.append(topics.drafts, b"a", b"new", partition=0)
    new.commit()
    with pytest.raises(Fenced):
        old.commit()
    assert [r.value for r in read_to_end(log, (topics.drafts, 0))] == [b"new"]
    new.close()
    old.close()


def test_topics_are_made_once_and_described(log: Log, topics: Topics) -> None:
    admin = log.admin()
    assert admin.ensure_topics(topics.specs(partitions=PARTITIONS)) == []
    first = admin.describe(topics.events)
    assert (first.name, first.partitions, first.replicas) == (topics.events, PARTITIONS, 1)
    assert ResumeToken.parse(str(ResumeToken(first.topic_id, 0, 0))).epoch == first.topic_id
    assert first.topic_id != admin.describe(topics.drafts).topic_id
    assert admin.watermarks(topics.events) == dict.fromkeys(range(PARTITIONS), (0, 0))
    with pytest.raises(TopicMismatch, match="partitions"):
        admin.ensure_topics(topics.specs(partitions=PARTITIONS + 1))
    with pytest.raises(TopicMissing, match="durable topics"):
        admin.describe(topics.prefix + "nowhere")
