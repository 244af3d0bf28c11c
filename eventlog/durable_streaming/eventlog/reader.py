"""Reading Kafka from positions of the caller's: no group, no commits, no silent skips."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from durable_streaming.eventlog.errors import OffsetOutOfRange, translate, translated
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.types import Place, Record, known

# Said while librdkafka goes on by itself: the connection comes back, the leader is found again.
_TRANSIENT = {
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    KafkaError._WAIT_COORD,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.BROKER_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
}


class LogReader:
    """Reads places of the log, `read_committed`; see `eventlog.types.Reader`."""

    def __init__(self, settings: KafkaSettings, positions: Mapping[Place, int]) -> None:
        self._positions = dict(positions)
        self._ends: set[Place] = set()
        self._error: Exception | None = None
        self._consumer = Consumer(
            {
                **settings.connection(),
                "group.id": "unused-without-a-group",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # The only setting that shows an expired offset instead of jumping.
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "check.crcs": True,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                # The default of 1,000 stalls the tail for a second after a full queue.
                "fetch.queue.backoff.ms": 10,
                "fetch.error.backoff.ms": 50,
                "queued.max.messages.kbytes": 16_384,
            }
        )
        with translated():
            self._consumer.assign(
                [TopicPartition(topic, p, offset) for (topic, p), offset in positions.items()]
            )

    @property
    def positions(self) -> Mapping[Place, int]:
        """The next offset of each place."""
        return self._positions

    def read(self, timeout_s: float, max_records: int = 500) -> list[Record]:
        """Wait for the first record at most `timeout_s`, then take what else is there.

        Raises:
            OffsetOutOfRange: a position isn't kept any more, or was never there.
            EventLogError: the log can't be read.
        """
        if self._error is not None:
            # Sticky: a reader that lost its place must not look healthy again.
            raise self._error
        with translated():
            # consume(n, t) waits the whole t unless n records are there, so poll comes first.
            first = self._consumer.poll(timeout_s)
            if first is None:
                return []
            messages = [first, *self._consumer.consume(max(1, max_records - 1), 0)]
        records = self._take(messages)
        if self._error is not None and not records:
            raise self._error
        return records

    def at_end(self, place: Place) -> bool:
        """Say whether the end of the place was reached and nothing has come since."""
        return place in self._ends

    def pause(self, places: Sequence[Place]) -> None:
        """Read nothing from these places until `resume`."""
        with translated():
            self._consumer.pause([TopicPartition(*place) for place in places])

    def resume(self, places: Sequence[Place]) -> None:
        """Read from these places again."""
        with translated():
            self._consumer.resume([TopicPartition(*place) for place in places])

    def close(self) -> None:
        """Release the connection."""
        with translated():
            self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, messages: Iterable[Message]) -> list[Record]:
        # For each event of a log: a named tuple's own constructor, and noting the position of
        # each, would cost as much again.
        records: list[Record] = []
        new, topic, partition, offset = tuple.__new__, None, None, None
        for message in messages:
            error = message.error()
            if error is not None or self._error is not None:
                self._note(topic, partition, offset)
                topic = None
                if error is not None:
                    self._look_at(
                        error,
                        (message.topic() or "", known(message.partition())),
                        known(message.offset()),
                    )
                continue
            if message.partition() != partition or message.topic() != topic:
                self._note(topic, partition, offset)
                topic, partition = message.topic(), message.partition()
            offset = message.offset()
            records.append(
                new(
                    Record,
                    (
                        topic,
                        partition,
                        offset,
                        message.key(),
                        message.value(),
                        message.timestamp()[1],
                        message.headers() or (),
                    ),
                )
            )
        self._note(topic, partition, offset)
        return records

    def _note(self, topic: str | None, partition: int | None, offset: int | None) -> None:
        """Note a place's last record, where there is one."""
        if topic is not None and partition is not None and offset is not None:
            place = (topic, partition)
            self._positions[place] = offset + 1
            self._ends.discard(place)

    def _look_at(self, error: KafkaError, place: Place, offset: int) -> None:
        """Note what came in the place of a record."""
        if error.code() in _TRANSIENT:
            return
        if error.code() == KafkaError._PARTITION_EOF:
            # The position moves past control records, which nobody is ever given.
            self._positions[place] = offset
            self._ends.add(place)
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            self._error = OffsetOutOfRange(*place, self._positions.get(place, -1))
        else:
            self._error = translate(error)
