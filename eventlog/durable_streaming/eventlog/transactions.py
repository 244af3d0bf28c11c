"""One transactional writer for one partition's derived records."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from durable_streaming.eventlog.errors import (
    BufferFull,
    Fenced,
    LogUnavailable,
    TransactionAborted,
    translate,
    translated,
)
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.types import Headers, KeyValue, Place, known

_CALL_TIMEOUT_S = 20.0
# Longer than any commit interval, shorter than a reader's patience: for so long may a writer
# that died without being fenced hold up `read_committed` readers.
_TRANSACTION_TIMEOUT_MS = 30_000


class KafkaTransactionalWriter:
    """Appends in transactions; see `eventlog.types.TransactionalWriter`."""

    def __init__(self, settings: KafkaSettings, transactional_id: str) -> None:
        self.transactional_id = transactional_id
        self._ends: dict[Place, int] = {}
        self._producer = Producer(
            {
                **settings.connection(),
                "client.id": transactional_id,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": _TRANSACTION_TIMEOUT_MS,
                "message.timeout.ms": _TRANSACTION_TIMEOUT_MS,
                "linger.ms": 0,
                "compression.type": "lz4",
                "message.max.bytes": 8_500_000,
                "queue.buffering.max.messages": 1_000_000,
                "queue.buffering.max.kbytes": 262_144,
            }
        )

    def fence(self) -> None:
        """Take the transactional id over: earlier writers are fenced, their transaction aborted.

        Raises:
            LogUnavailable: the broker did not answer.
        """
        self._call(self._producer.init_transactions)

    def begin(self) -> None:
        """Open a transaction."""
        self._ends = {}
        with translated():
            self._producer.begin_transaction()

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int,
        headers: Headers | None = None,
    ) -> None:
        """Add a record to the transaction."""
        while True:
            try:
                with translated():
                    self._producer.produce(
                        topic,
                        value,
                        key,
                        partition=partition,
                        headers=list(headers) if headers else None,
                        on_delivery=self._delivered,
                    )
                return
            except BufferFull:
                self._producer.poll(0.05)

    def append_all(self, topic: str, records: Iterable[KeyValue], *, partition: int) -> None:
        """Add at least one record, without headers, in order; cheaper than one by one."""
        # A report for each costs as much as the record. A partition's records are stored in their
        # order and a transaction as a whole, so the last one's report says where all of them end.
        *before, last = records
        produce = self._producer.produce
        with translated():
            for key, value in before:
                try:
                    produce(topic, value, key, partition)
                except BufferError:
                    self.append(topic, key, value, partition=partition)
        self.append(topic, *last, partition=partition)

    def commit(self) -> Mapping[Place, int]:
        """Make the transaction visible.

        Returns:
            The next offset after the last record, for each place written to.

        Raises:
            Fenced: another writer took over; nothing became visible.
            TransactionAborted: nothing became visible; it may be tried again.
            LogUnavailable: not known whether it became visible; fence and read to find out.
        """
        # Flushes, and serves the delivery reports that the returned offsets come from.
        self._call(self._producer.commit_transaction)
        return self._ends

    def abort(self) -> None:
        """Throw the transaction away."""
        self._call(self._producer.abort_transaction)

    def close(self) -> None:
        """Release the connection, without waiting for what was not committed."""
        self._producer.purge()
        # A fenced producer answers every call with its fatal error; there is nothing to lose.
        with suppress(KafkaException):
            self._producer.flush(1)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        # A failed delivery fails the commit, which says so.
        if error is None:
            place = (message.topic() or "", known(message.partition()))
            self._ends[place] = max(self._ends.get(place, 0), known(message.offset()) + 1)

    def _call(self, operation: object) -> None:
        # A retriable error leaves the operation under way: it is resumed, not repeated.
        for attempt in range(3):
            try:
                operation(_CALL_TIMEOUT_S)  # type: ignore[operator]
                return
            except KafkaException as exception:
                error: KafkaError = exception.args[0]
                mapped = translate(error)
                if isinstance(mapped, Fenced):
                    raise mapped from exception
                if error.txn_requires_abort():
                    with translated():
                        self._producer.abort_transaction(_CALL_TIMEOUT_S)
                    raise TransactionAborted(str(mapped)) from exception
                if error.fatal() or not error.retriable():
                    raise mapped from exception
                if attempt == 2:
                    raise LogUnavailable(str(mapped)) from exception
