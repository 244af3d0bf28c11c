"""The broker that a benchmark runs on: the one that is named, or one of its own."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.localkafka import ConsoleProgress, LocalKafka


@contextlib.contextmanager
def kafka() -> Iterator[str]:
    """Give the address of a real broker for as long as the context is open."""
    named = os.environ.get("DURABLE_KAFKA_BOOTSTRAP")
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="durable-benchmark-") as directory:
        broker = LocalKafka(Path(directory))
        broker.start(progress=ConsoleProgress())
        try:
            yield broker.bootstrap
        finally:
            broker.stop()


@contextlib.contextmanager
def topics(bootstrap: str, *, partitions: int) -> Iterator[KafkaLog]:
    """Give a log with topics under a prefix of their own, which are removed afterwards."""
    settings = KafkaSettings(
        kafka_bootstrap=bootstrap, topic_prefix=f"benchmark-{uuid.uuid4().hex[:8]}."
    )
    log = KafkaLog(settings)
    admin = log.admin()
    try:
        admin.ensure_topics(settings.topics.specs(partitions=partitions))
        yield log
        admin.delete_topics([t for t in admin.topics() if t.startswith(settings.topic_prefix)])
    finally:
        admin.close()
