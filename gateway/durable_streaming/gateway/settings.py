"""What a person may set about a gateway, read from the environment."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from durable_streaming.eventlog import KafkaSettings
from durable_streaming.gateway.errors import InsecureBindError


class GatewaySettings(BaseSettings):
    """Settings of one gateway process: environment variables with the prefix `DURABLE_`."""

    model_config = SettingsConfigDict(env_prefix="DURABLE_", frozen=True, extra="ignore")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    """The log: bootstrap servers, topic prefix, security."""

    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback needs `auth` or `insecure_bind`."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""

    data_dir: Path = Path(".durable")
    """Directory under which the gateway keeps its store (rebuilt from Kafka when missing)."""

    auth: Literal["none", "jwt"] = "none"
    """Whether requests must carry a JSON Web Token."""

    jwt_key: SecretStr | None = None
    """What tokens are verified with: a secret for HS*, else a public key as PEM."""

    jwks_file: Path | None = None
    """Instead of `jwt_key`: a JWKS file, read again when it changes."""

    jwt_algorithm: str | None = None
    """The one algorithm of `jwt_key`, and of keys in the file that do not name theirs."""

    jwt_issuer: str | None = None
    """The `iss` that tokens must have."""

    jwt_audience: str | None = None
    """The `aud` that tokens must have."""

    ticket_key: SecretStr | None = None
    """What tickets are signed with; absent: a key that the gateways of a data directory share."""

    insecure_bind: bool = False
    """Listen on any address and answer to any Host name although nobody is authenticated."""

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, besides the gateway's own, whose pages may open WebSockets and send POSTs."""

    requests_per_second: float = Field(default=2000.0, ge=0)
    """What one principal, or one address, may ask for over HTTP and by handshakes; ten seconds'
    worth is saved up. 0: no limit."""

    frames_per_second: float = Field(default=100.0, ge=0)
    """What one WebSocket may send; ten seconds' worth is saved up. 0: no limit."""

    ring_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    """Memory for recent frames of all runs together, bytes."""

    send_deadline_seconds: float = Field(default=10.0, gt=0)
    """A viewer that took no byte for so long, while some wait for it, is cut (close 4408)."""

    drain_window_seconds: float = Field(default=3.0, ge=0)
    """Over how long a stop spreads the closing of sockets, where there are many."""

    drain_seconds: float = Field(default=5.0, ge=0)
    """How long a stop waits for requests and closing handshakes before it cuts them."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def store_dir(self) -> Path:
        """The store's own directory: two gateways on one machine differ in their port."""
        return self.data_dir / "gateway" / str(self.port)

    def check_bind(self) -> None:
        """Refuse an address that others can reach while nobody is authenticated.

        Raises:
            InsecureBindError: the host is not loopback, `auth` and `insecure_bind` are off.
        """
        if self.auth == "none" and not self.insecure_bind and not is_loopback(self.host):
            raise InsecureBindError(
                f"refusing to listen on {self.host}: without authentication a gateway serves this "
                "machine only. Use --host 127.0.0.1, set DURABLE_AUTH=jwt, or set "
                "DURABLE_INSECURE_BIND=yes when something in front of it keeps strangers out"
            )


def is_loopback(host: str) -> bool:
    """Say whether a host name or address (no port, no brackets) means this machine only."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
