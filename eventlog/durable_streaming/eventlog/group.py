"""Sharing the records of a topic among the members of a consumer group, committed by hand."""

import logging
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from durable_streaming.eventlog.errors import Fenced, LogUnavailable, translate, translated
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.types import Place, Record, known

_log = logging.getLogger(__name__)

# Said to a member that knows the newest deal of the group not yet; it may keep its places in it.
_OUTDATED = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._STATE,
    KafkaError._ASSIGNMENT_LOST,
    KafkaError._NO_OFFSET,
}
_TIMEOUT_S = 10.0
_MAX_AWAY_MS = 60_000


class GroupReader:
    """One member of a consumer group; the broker deals the partitions out.

    A record is given again, to whichever member has the partition then, until a position behind it
    was committed. Not for several threads at a time.

    Args:
        settings: of the connection.
        group: the group's id, which is the cluster's and knows no prefix.
        topic: what is shared out.
        session_timeout_s: a member that is silent for so long loses its places.
        on_gone: called from within `read` and `close` with places that this member has no more.
            Records of them that `read` has given must be forgotten, for they are given again: to
            another member, or to this one with the place when it comes back.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topic: str,
        *,
        session_timeout_s: float = 10,
        on_gone: Callable[[Collection[Place]], None] | None = None,
    ) -> None:
        # For each place where its partition ended when this member got it.
        self._ends: dict[Place, int] = {}
        # What the reading under way has found.
        self._found: list[Record] = []
        self._on_gone = on_gone
        self._consumer = Consumer(
            {
                **settings.connection(),
                "group.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # A group without positions begins with what the topic still keeps.
                "auto.offset.reset": "earliest",
                # Every member lets go before the group deals anew, so none has a place of an older
                # deal together with the right to commit in a newer one. With the cooperative
                # protocol a commit may meet a deal under way, and the client loses its membership.
                "partition.assignment.strategy": "range",
                # Longer than any member that is well is away from `read`: the others wait for it.
                "max.poll.interval.ms": _MAX_AWAY_MS,
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

        To be called every second or so: a deal waits for all members, for a minute at most, after
        which the broker goes on without the one that is missing.

        Raises:
            EventLogError: the topic can't be read.
        """
        self._poll(timeout_s)
        while self._found and len(self._found) < max_records and self._poll(0):
            continue
        found, self._found = self._found, []
        return found

    def _poll(self, timeout_s: float) -> bool:
        """Wait for one record; false where none came, for instance because places changed."""
        with translated():
            message = self._consumer.poll(timeout_s)
        record = None if message is None else _record(message)
        # The client may still give records of a place that has just gone.
        if record is None or (record.topic, record.partition) not in self._ends:
            return False
        self._found.append(record)
        return True

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Store next offsets for whoever has the places next; proves that they are this member's.

        Raises:
            Fenced: nothing was stored, for the group is dealing places out anew, or one of these is
                not this member's. Which of the two only `read` says, by letting places go: those
                that are kept can be committed again after it.
            LogUnavailable: not known whether it was stored.
        """
        # The broker checks the member's generation and not its places; a place is dealt out again
        # only after its member has let go of it here, or has lost its generation.
        if not self._ends.keys() >= positions.keys():
            raise Fenced("one of the places is not this member's")
        places = [TopicPartition(topic, p, offset) for (topic, p), offset in positions.items()]
        try:
            with translated():
                self._consumer.commit(offsets=places, asynchronous=False)
        except Exception as exception:
            if _code(exception.__cause__) in _OUTDATED:
                raise Fenced(f"the group deals places out anew: {exception}") from exception
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
        gone = {_place_of(place) for place in places}
        for place in gone:
            self._ends.pop(place, None)
        self._found = [one for one in self._found if (one.topic, one.partition) not in gone]
        if self._on_gone is not None:
            self._on_gone(gone)


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
