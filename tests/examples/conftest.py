"""The indexes that the guide's tests ask."""

import os
from collections.abc import Iterator

import pytest

from durable_streaming.localkafka import LocalKafkaError
from examples.kafka_guide.index import Index
from examples.kafka_guide.local import open_local_index
from examples.kafka_guide.parse import merged, parse_errors, parse_settings
from examples.kafka_guide.settings import GuideSettings
from tests.examples.documentation import ERRORS_HTML, SETTINGS_HTML


@pytest.fixture
def small_index() -> Iterator[Index]:
    """Three entries of the tests' own."""
    entries = merged(parse_settings(SETTINGS_HTML) + parse_errors(ERRORS_HTML))
    with Index.build(":memory:", entries) as index:
        yield index


@pytest.fixture(scope="session")
def kafka_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The documentation of the real Kafka, printed by its own jars."""
    settings = GuideSettings(cache_dir=tmp_path_factory.mktemp("kafka-guide"))
    try:
        index = open_local_index(settings)
    except LocalKafkaError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"Kafka's jars are not to be had here: {error}")
    with index:
        yield index
