"""Writing what was derived since the last commit as one transaction."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from durable_streaming.eventlog import (
    EventLogError,
    KeyValue,
    Place,
    TransactionAborted,
    TransactionalWriter,
)
from durable_streaming.eventlog import Fenced as WriterFenced
from durable_streaming.schemas import Topics

from ..errors import Fenced, NotWritable
from ..fold import Derived
from .tables import topic_of

logger = logging.getLogger(__name__)

# An abort is the broker's answer to a time-out of its own; more of them in a row is no accident.
_ATTEMPTS: Final = 3


def write(
    writer: TransactionalWriter, topics: Topics, partition: int, derived: Sequence[Derived]
) -> Mapping[Place, int]:
    """Make derived records visible, all or none.

    Args:
        writer: the partition's own, fenced.
        topics: the topics' full names.
        partition: where every record goes, a dead letter too.
        derived: what the fold drained: outputs, its state and the source position.

    Returns:
        The next offset after the last record, for each place written to.

    Raises:
        Fenced: another worker owns the partition; nothing became visible.
        NotWritable: it is not known whether it became visible, or it never will. Only a new owner
            can find out, so the worker must end.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            writer.begin()
            _append(writer, topics, partition, derived)
            return writer.commit()
        except WriterFenced as error:
            raise Fenced(f"partition {partition} was taken over by another worker") from error
        except TransactionAborted as error:
            logger.warning(
                "transaction aborted", extra={"partition": partition, "attempt": attempt}
            )
            if attempt == _ATTEMPTS:
                raise NotWritable(f"partition {partition}: {error}") from error
        except EventLogError as error:
            raise NotWritable(f"partition {partition}: {error}") from error
    raise AssertionError("unreachable")


def _append(
    writer: TransactionalWriter, topics: Topics, partition: int, derived: Sequence[Derived]
) -> None:
    # The order matters within a topic only: the transaction becomes visible as a whole.
    plain: dict[str, list[KeyValue]] = {}
    for topic, key, value, headers in derived:
        if headers:
            writer.append(topic_of(topics, topic), key, value, partition=partition, headers=headers)
        else:
            plain.setdefault(topic, []).append((key, value))
    for name, records in plain.items():
        writer.append_all(topic_of(topics, name), records, partition=partition)
