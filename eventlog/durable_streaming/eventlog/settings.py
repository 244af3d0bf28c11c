"""Where the log is and how it is reached. Only this package knows librdkafka's dotted names."""

from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from durable_streaming.schemas import Topics


class KafkaSettings(BaseSettings):
    """Connection to Kafka, from environment variables with the prefix `DURABLE_`."""

    model_config = SettingsConfigDict(env_prefix="DURABLE_", extra="ignore", frozen=True)

    kafka_bootstrap: str = "127.0.0.1:9092"
    """Brokers to begin with, `host:port`, separated by commas."""

    topic_prefix: str = Field(default="runs.", pattern=r"^[a-zA-Z0-9._-]{0,100}$")
    """What the names of all topics begin with."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How the connection is secured."""

    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How a name and password are proven, where the protocol has SASL in it."""

    kafka_sasl_username: str | None = None
    """The principal's name."""

    kafka_sasl_password: SecretStr | None = None
    """The principal's password."""

    kafka_ssl_ca: str | None = None
    """File of the certificate authorities to trust; the system's where not set."""

    kafka_ssl_certificate: str | None = None
    """File of this client's certificate, for mutual TLS."""

    kafka_ssl_key: str | None = None
    """File of this client's private key, for mutual TLS."""

    @property
    def topics(self) -> Topics:
        """The topics under this prefix."""
        return Topics(self.topic_prefix)

    def connection(self) -> dict[str, Any]:
        """Give librdkafka's settings of the connection alone."""
        dotted: dict[str, Any] = {
            "bootstrap.servers": self.kafka_bootstrap,
            "security.protocol": self.kafka_security_protocol,
            # A broker that restarts must be found again soon: the default waits up to 10 s.
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
            # A host that is gone refuses nothing and closes nothing: what it leaves unanswered for
            # so long is asked of another. The defaults are 30 s and 60 s.
            "socket.connection.setup.timeout.ms": 3_000,
            "socket.timeout.ms": 10_000,
            "topic.metadata.refresh.interval.ms": 60_000,
            # librdkafka logs each failed connection attempt; what matters comes as an error.
            "log_level": 2,
        }
        if self.kafka_security_protocol.startswith("SASL"):
            password = self.kafka_sasl_password
            dotted["sasl.mechanism"] = self.kafka_sasl_mechanism
            dotted["sasl.username"] = self.kafka_sasl_username or ""
            dotted["sasl.password"] = password.get_secret_value() if password else ""
        files = {
            "ssl.ca.location": self.kafka_ssl_ca,
            "ssl.certificate.location": self.kafka_ssl_certificate,
            "ssl.key.location": self.kafka_ssl_key,
        }
        return dotted | {name: path for name, path in files.items() if path}
