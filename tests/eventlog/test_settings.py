import pytest
from pydantic import ValidationError

from durable_streaming.eventlog import KafkaSettings


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURABLE_KAFKA_BOOTSTRAP", "a:1,b:2")
    monkeypatch.setenv("DURABLE_TOPIC_PREFIX", "eval.")
    settings = KafkaSettings()
    assert settings.connection()["bootstrap.servers"] == "a:1,b:2"
    assert settings.topics.events == "eval.events"


def test_shows_no_secret() -> None:
    settings = KafkaSettings(
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username="me",
        kafka_sasl_password="canary",
        kafka_ssl_ca="/ca.pem",
    )
    assert "canary" not in repr(settings) + settings.model_dump_json()
    dotted = settings.connection()
    assert dotted["sasl.password"] == "canary"
    assert dotted["ssl.ca.location"] == "/ca.pem"


def test_refuses_a_prefix_that_is_no_topic_name() -> None:
    with pytest.raises(ValidationError):
        KafkaSettings(topic_prefix="a/b")
