"""Appending to Kafka, with an honest outcome for each record."""

from collections.abc import Callable

from confluent_kafka import KafkaError, Message, Producer

from durable_streaming.eventlog.errors import translated
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.types import Failed, Headers, Outcome, Stored, Unknown

# Said before a record was sent, or by a broker that did not append it. Whatever else ends a record
# may have been appended: an answer that got lost looks like a request that got lost.
_CERTAINLY_NOT_STORED = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.INVALID_MSG,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.POLICY_VIOLATION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
}


class LogWriter:
    """Appends idempotently and waits for all replicas in sync; see `eventlog.types.Writer`."""

    def __init__(
        self,
        settings: KafkaSettings,
        client_id: str = "durable",
        *,
        linger_ms: float = 5,
        max_buffer_records: int = 100_000,
        max_buffer_kbytes: int = 65_536,
    ) -> None:
        with translated():
            self._producer = Producer(
                {
                    **settings.connection(),
                    "client.id": client_id,
                    "enable.idempotence": True,
                    "acks": "all",
                    # Java's placement, which processors and readers compute as well.
                    "partitioner": "murmur2_random",
                    "linger.ms": linger_ms,
                    "compression.type": "lz4",
                    # Retry for ever: giving up in the queue would leave a hole in a run's sequence.
                    "message.timeout.ms": 0,
                    "message.max.bytes": 8_500_000,
                    "queue.buffering.max.messages": max_buffer_records,
                    "queue.buffering.max.kbytes": max_buffer_kbytes,
                }
            )

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
        on_outcome: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Take a record for sending; the order of a partition is the order of the calls.

        Raises:
            BufferFull: not taken; poll, then try again.
            RecordTooLarge: not taken, and never will be.
        """
        deliver = None
        if on_outcome is not None:

            def deliver(error: KafkaError | None, message: Message) -> None:
                on_outcome(_outcome(error, message))

        with translated():
            self._producer.produce(
                topic,
                value,
                key,
                partition=-1 if partition is None else partition,
                on_delivery=deliver,
                headers=list(headers) if headers else None,
            )

    def poll(self, timeout_s: float = 0) -> int:
        """Serve outcomes; gives how many were served."""
        return self._producer.poll(timeout_s)

    def flush(self, timeout_s: float) -> int:
        """Wait until every record has its outcome; gives how many have none yet."""
        return self._producer.flush(timeout_s)

    def close(self, timeout_s: float = 5) -> None:
        """Flush, then give what is left the outcome `Unknown`."""
        if self._producer.flush(timeout_s):
            self._producer.purge()
            self._producer.flush(1)


def _outcome(error: KafkaError | None, message: Message) -> Outcome:
    if error is None:
        offset = message.offset()
        partition = message.partition()
        return Stored(
            -1 if partition is None else partition,
            offset if offset is not None and offset >= 0 else None,
        )
    text = f"{error.name()}: {error.str()}"
    return Failed(text) if error.code() in _CERTAINLY_NOT_STORED else Unknown(text)
