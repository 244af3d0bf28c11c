"""Settings of a worker, from environment variables with the prefix `DURABLE_`."""

import uuid
from pathlib import Path

from pydantic import Field

from durable_streaming.eventlog import KafkaSettings


class ProcessorSettings(KafkaSettings):
    """How one worker runs. All workers of an installation share prefix and time-outs."""

    data_dir: Path = Path(".durable")
    """Where this worker keeps its local stores, under `processors/`; a cache, never the truth."""

    processor_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """Name of this worker for ever (static membership): a restart under the same name takes its
    partitions back without a rebalance. Generated once per data directory where not set."""

    processor_host: str = "127.0.0.1"
    """Where health and metrics are served."""

    processor_port: int = Field(default=0, ge=0, le=65_535)
    """Port of `/livez`, `/readyz` and `/metrics`; 0 serves none."""

    idle_timeout: float = Field(default=600.0, gt=0)
    """Seconds without an event after which a run is timed out."""

    session_timeout: float = Field(default=10.0, ge=1, le=10)
    """Seconds after which the group gives a silent worker's partitions to others."""

    commit_interval: float = Field(default=0.5, ge=0.05, le=30)
    """Seconds after which changes are committed at the latest."""

    transaction_records: int = Field(default=100_000, ge=1)
    """Source records of one partition that one transaction stands for at most, give or take a
    batch."""

    transaction_bytes: int = Field(default=32_000_000, ge=1)
    """Source bytes of one partition that one transaction stands for at most, give or take a
    batch."""

    batch_records: int = Field(default=5_000, ge=1)
    """Records of one partition that are folded before the next partition has its turn. Some
    50 ms of work; with fewer, each turn finds its runs gone from the processor's cache."""

    batch_bytes: int = Field(default=4_000_000, ge=1)
    """Bytes of one partition that are folded before the next partition has its turn."""

    stall_timeout: float = Field(default=60.0, gt=0)
    """Seconds without progress, while there is lag, after which the worker ends itself."""

    @property
    def application(self) -> str:
        """Consumer group, and prefix of the transactional ids."""
        return f"{self.topic_prefix}processors"

    @property
    def work_dir(self) -> Path:
        """What belongs to processors in the data directory."""
        return self.data_dir / "processors"

    def identity(self) -> str:
        """Return this worker's name, made and kept in the data directory on first use."""
        if self.processor_id is not None:
            return self.processor_id
        path = self.work_dir / "processor-id"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"processor-{uuid.uuid4().hex[:12]}\n", encoding="ascii")
        return path.read_text(encoding="ascii").strip()
