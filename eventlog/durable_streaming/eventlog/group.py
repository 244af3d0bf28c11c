"""Sharing the records of a topic among the members of a consumer group, committed by hand."""

import logging
import sys
from collections.abc import Mapping
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from durable_streaming.eventlog.errors import Fenced, LogUnavailable, translate, translated
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.types import Place, Record, known

_log = logging.getLogger(__name__)

# Another member has the partition, or is about to.
_LOST = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._STATE,
    KafkaError._ASSIGNMENT_LOST,
    KafkaError._NO_OFFSET,
}
_TIMEOUT_S = 10.0


class GroupReader:
    """One member of a consumer group; the broker deals the partitions out.

    A record is given again, to whichever member has the partition then, until a position behind it
    was committed. Not for several threads at a time.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, topic: str, *, session_timeout_s: float = 10
    ) -> None:
        self._ends: dict[Place, int] = {}
        self._consumer = Consumer(
            {
                **settings.connection(),
                "group.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # A group without positions begins with what the topic still keeps.
                "auto.offset.reset": "earliest",
                # Others keep what they have while a member comes or goes.
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": int(session_timeout_s * 1000),
                "heartbeat.interval.ms": int(session_timeout_s * 1000 / 4),
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 10,
                "queued.max.messages.kbytes": 4_096,
            }
        )
        with translated():
            self._consumer.subscribe(
                [topic], on_assign=self._assigned, on_revoke=self._gone, on_lost=self._gone
            )

    @property
    def places(self) -> frozenset[Place]:
        """The places that this member has now; changes while it reads."""
        return frozenset(self._ends)

    def is_new(self, record: Record) -> bool:
        """Say whether the record came after this member got its place.

        If so no other member was given it before. Else one may have been, and have left without
        committing.
        """
        return record.offset >= self._ends.get((record.topic, record.partition), sys.maxsize)

    def read(self, timeout_s: float, max_records: int = 500) -> list[Record]:
        """Wait for the first record at most `timeout_s`, then take what else is there.

        To be called at least every five minutes, or the broker takes the places away.

        Raises:
            EventLogError: the topic can't be read.
        """
        with translated():
            first = self._consumer.poll(timeout_s)
            if first is None:
                return []
            messages = [first]
            if max_records > 1:
                messages += self._consumer.consume(max_records - 1, 0)
        return [record for message in messages if (record := _record(message)) is not None]

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Store next offsets for whoever has the places next; proves that they are this member's.

        Raises:
            Fenced: another member has, or is to have, one of the places.
            LogUnavailable: not known whether it was stored.
        """
        # The broker checks the member's generation and not its places; a place is dealt out again
        # only after its member has let go of it here, or has lost its generation.
        if not self._ends.keys() >= positions.keys():
            raise Fenced("another member of the group has, or is to have, one of the places")
        places = [TopicPartition(topic, p, offset) for (topic, p), offset in positions.items()]
        try:
            with translated():
                self._consumer.commit(offsets=places, asynchronous=False)
        except Exception as exception:
            if _code(exception.__cause__) in _LOST:
                raise Fenced(f"another member of the group took over: {exception}") from exception
            raise

    def pause(self) -> None:
        """Give nothing of the places that this member has now; `read` keeps it in the group."""
        with translated():
            self._consumer.pause([TopicPartition(*place) for place in self._ends])

    def resume(self) -> None:
        """Give records again."""
        with translated():
            self._consumer.resume([TopicPartition(*place) for place in self._ends])

    def offset_at(self, place: Place, time_ms: int) -> int | None:
        """Give the first offset of any place whose record is not older; None where there is none.

        Raises:
            LogUnavailable: the broker did not answer.
        """
        with translated():
            asked = [TopicPartition(*place, time_ms)]
            (found,) = self._consumer.offsets_for_times(asked, timeout=_TIMEOUT_S)
        if found.error is not None:
            raise translate(found.error)
        return found.offset if found.offset >= 0 else None

    def close(self) -> None:
        """Leave the group; its places go to the other members at once."""
        with translated():
            self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            try:
                with translated():
                    end = consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)[1]
            except LogUnavailable as error:
                # Then all of it may have been given to another member: more work, never less safe.
                _log.warning("the end of %s[%d] is not known: %s", *_place_of(place), error)
                end = sys.maxsize
            self._ends[_place_of(place)] = end

    def _gone(self, _: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            self._ends.pop(_place_of(place), None)


def _place_of(place: TopicPartition) -> Place:
    return place.topic, place.partition


def _record(message: Message) -> Record | None:
    error = message.error()
    if error is None:
        return Record(
            message.topic() or "",
            known(message.partition()),
            known(message.offset()),
            message.key(),
            message.value(),
            message.timestamp()[1],
            message.headers() or (),  # type: ignore[arg-type]
        )
    translation = translate(error)
    if isinstance(translation, LogUnavailable):
        # The client goes on by itself.
        return None
    raise translation


def _code(cause: BaseException | None) -> int | None:
    if isinstance(cause, KafkaException) and cause.args:
        error = cause.args[0]
        return error.code() if isinstance(error, KafkaError) else None
    return None
