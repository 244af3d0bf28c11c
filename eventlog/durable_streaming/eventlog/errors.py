"""What can go wrong at the log.

- `EventLogError`
  - `LogUnavailable`: the broker did not answer; trying again may help
  - `LogRefused`: the broker said no, and would say it again
    - `TopicMissing`
    - `TopicMismatch`
  - `OffsetOutOfRange`: the position is not kept any more, or not there yet
  - `BufferFull`: the writer's own buffer is full; `poll` and try again
  - `RecordTooLarge`: refused before it was sent
  - `Fenced`: another writer with this transactional id took over; this one must end
  - `TransactionAborted`: nothing of the transaction was stored; it may be tried again
"""

from confluent_kafka import KafkaError, KafkaException


class EventLogError(Exception):
    """Root of all errors of the log."""


class LogUnavailable(EventLogError):
    """The broker did not answer."""


class LogRefused(EventLogError):
    """The broker refused for good: a right is missing, or a setting is wrong."""


class TopicMissing(LogRefused):
    """A topic is not there: create it with `durable topics`."""


class TopicMismatch(LogRefused):
    """A topic is not what it must be, and can't be changed without loss."""


class OffsetOutOfRange(EventLogError):
    """A position that the broker doesn't have.

    Attributes:
        topic: where.
        partition: where.
        offset: the position asked for; -1 where the client doesn't say.
    """

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        super().__init__(
            f"offset {offset} of {topic}[{partition}] is out of range: retention removed it, "
            "or the topic was created anew"
        )
        self.topic = topic
        self.partition = partition
        self.offset = offset


class BufferFull(EventLogError):
    """The writer's buffer is full; the record was not taken."""


class RecordTooLarge(EventLogError):
    """The record is larger than the writer sends; it was not taken."""


class Fenced(EventLogError):
    """Another writer took over."""


class TransactionAborted(EventLogError):
    """The transaction was aborted: nothing of it is visible."""


_REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.ILLEGAL_SASL_STATE,
    KafkaError.INVALID_REPLICATION_FACTOR,
    KafkaError.INVALID_PARTITIONS,
    KafkaError.INVALID_CONFIG,
    KafkaError.POLICY_VIOLATION,
    KafkaError.INVALID_REQUEST,
    KafkaError.UNSUPPORTED_VERSION,
    KafkaError._AUTHENTICATION,
    KafkaError._INVALID_ARG,
    KafkaError._SSL,
}
_MISSING = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
}
_FENCED = {
    KafkaError._FENCED,
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
}
_TOO_LARGE = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
}


def translate(error: KafkaError) -> EventLogError:
    """Give the error of ours that says what a caller can do about librdkafka's."""
    code = error.code()
    text = f"{error.name()}: {error.str()}"
    if code in _FENCED:
        return Fenced(text)
    if code in _MISSING:
        return TopicMissing(f"{text} (create the topics with `durable topics`)")
    if code in _TOO_LARGE:
        return RecordTooLarge(text)
    if code == KafkaError._QUEUE_FULL:
        return BufferFull(text)
    if code in _REFUSED:
        return LogRefused(text)
    return LogUnavailable(text)


class translated:
    """Let no exception of the Kafka client leak past this package.

    A class, for it stands around each record: a generator's context manager costs a microsecond.

    Raises:
        EventLogError: whatever the client raised, as one of ours.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing is needed before."""

    def __exit__(self, _: object, exception: BaseException | None, __: object) -> None:
        """Raise in place of the client's exception."""
        if isinstance(exception, KafkaException):
            error = exception.args[0] if exception.args else None
            if isinstance(error, KafkaError):
                raise translate(error) from exception
            raise EventLogError(str(exception)) from exception
        if isinstance(exception, BufferError):
            raise BufferFull("the writer's buffer is full: poll, then try again") from exception
