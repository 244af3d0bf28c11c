"""The log on Kafka, as one object to pass around."""

from collections.abc import Mapping

from durable_streaming.eventlog.admin import LogAdmin
from durable_streaming.eventlog.reader import LogReader
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.transactions import KafkaTransactionalWriter
from durable_streaming.eventlog.types import Place
from durable_streaming.eventlog.writer import LogWriter


class KafkaLog:
    """Opens readers and writers on one cluster; see `eventlog.types.Log`."""

    def __init__(self, settings: KafkaSettings | None = None) -> None:
        self.settings = settings or KafkaSettings()

    def reader(self, positions: Mapping[Place, int]) -> LogReader:
        """Open a reader at these next offsets."""
        return LogReader(self.settings, positions)

    def writer(self, client_id: str = "durable") -> LogWriter:
        """Open a writer."""
        return LogWriter(self.settings, client_id)

    def transactional_writer(self, transactional_id: str) -> KafkaTransactionalWriter:
        """Open a transactional writer."""
        return KafkaTransactionalWriter(self.settings, transactional_id)

    def admin(self) -> LogAdmin:
        """Open an admin client."""
        return LogAdmin(self.settings)
