import pytest
from confluent_kafka import KafkaError, KafkaException

from durable_streaming.eventlog import (
    EventLogError,
    KafkaSettings,
    LogAdmin,
    LogUnavailable,
)
from durable_streaming.eventlog.errors import translate, translated


def test_every_error_of_the_client_becomes_one_of_ours() -> None:
    codes = {
        value
        for name, value in vars(KafkaError).items()
        if name.lstrip("_").isupper() and isinstance(value, int)
    }
    assert len(codes) > 100
    for code in codes:
        assert isinstance(translate(KafkaError(code)), EventLogError)


def test_no_exception_of_the_client_leaks() -> None:
    with pytest.raises(LogUnavailable), translated():
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))
    with pytest.raises(EventLogError), translated():
        raise BufferError("full")


def test_a_broker_that_is_not_there_is_said_soon() -> None:
    admin = LogAdmin(KafkaSettings(kafka_bootstrap="127.0.0.1:1"), timeout_s=1)
    with pytest.raises(LogUnavailable):
        admin.topics()
