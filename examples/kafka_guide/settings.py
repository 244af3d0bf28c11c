"""The guide's settings, from environment variables that begin with `DURABLE_GUIDE_`."""

from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from durable_streaming.localkafka.cache import cache_root


class GuideSettings(BaseSettings):
    """Where the index is kept, and which model writes, if one does."""

    model_config = SettingsConfigDict(env_prefix="DURABLE_GUIDE_", extra="ignore")

    cache_dir: Path = Field(default_factory=lambda: cache_root() / "kafka-guide")
    """Holds the index: about 2 MB, built in a few seconds when it is not there."""

    openai_base_url: HttpUrl | None = None
    """An OpenAI-compatible endpoint, such as `http://127.0.0.1:11434/v1`. Set: a model writes."""

    openai_api_key: SecretStr | None = None
    """Sent as a bearer token where the endpoint asks for one."""

    openai_model: str = "gpt-4o-mini"
    """The model's name at that endpoint."""

    openai_timeout_seconds: float = Field(default=60.0, gt=0)
    """How long the endpoint may stay silent."""
