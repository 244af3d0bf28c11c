"""Fixtures that every folder of tests shares."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable_streaming.eventlog import KafkaSettings, LogAdmin
from tests import brokers


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a real Apache Kafka."""
    with brokers.kafka() as bootstrap:
        yield bootstrap


@pytest.fixture
def kafka_settings(kafka: str) -> Iterator[KafkaSettings]:
    """Settings with a prefix of the test's own; its topics are removed afterwards."""
    settings = KafkaSettings(kafka_bootstrap=kafka, topic_prefix=f"test-{uuid.uuid4().hex[:12]}.")
    yield settings
    admin = LogAdmin(settings)
    mine = [name for name in admin.topics() if name.startswith(settings.topic_prefix)]
    admin.delete_topics(mine)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded provider streams; absent on a user's machine, required in CI."""
    folder = Path(
        os.environ.get("DURABLE_RECORDINGS")
        or Path(__file__).resolve().parents[2] / "shared" / "recordings"
    )
    if not (folder / "MANIFEST.json").exists():
        if os.environ.get("CI"):
            pytest.fail(f"no recordings at {folder}: set DURABLE_RECORDINGS")
        pytest.skip(f"no recordings at {folder} (set DURABLE_RECORDINGS to test with them)")
    return folder
