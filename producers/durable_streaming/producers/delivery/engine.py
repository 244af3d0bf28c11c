"""What one open producer holds: a connection to the log, an outbox and the thread that works it."""

from __future__ import annotations

from durable_streaming.eventlog import KafkaLog, KafkaSettings, Log, SystemClock
from durable_streaming.producers.delivery.control import ControlListener
from durable_streaming.producers.delivery.outbox import Outbox
from durable_streaming.producers.delivery.ownership import Ownership
from durable_streaming.producers.delivery.pump import Pump
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.errors import Misuse
from durable_streaming.producers.identity import new_producer_id
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.producers.options import ProducerOptions
from durable_streaming.schemas import RUN_ID_PATTERN, is_run_id


class Engine:
    """Everything that is opened when a producer opens, and released when it closes.

    Attributes:
        log: where to read and write.
        topics: their names.
        topic: of the events.
        options: of the producer.
        outbox: what waits for the broker.
        control: hears which runs are to stop.
        ownership: sees which runs were taken over.
    """

    def __init__(
        self,
        settings: KafkaSettings | None = None,
        options: ProducerOptions | None = None,
        log: Log | None = None,
    ) -> None:
        settings = settings or KafkaSettings()
        self.log = log or KafkaLog(settings)
        self.topics = settings.topics
        self.topic = self.topics.events
        self.options = options or ProducerOptions()
        producer_id = new_producer_id()
        self._writer = self.log.writer(producer_id)
        self.outbox = Outbox(self._writer, self.topic, producer_id, self.options, SystemClock())
        self.control = ControlListener(self.log, self.topics.control)
        self.ownership = Ownership(self.log, self.topic)
        self._pump = Pump(self.outbox)
        self._pump.start()

    def new_run(self, run_id: str, *, strict: bool = True) -> RunWriter:
        """Make the writer of a run that the log does not know yet.

        Raises:
            Misuse: the id is no run id.
            NotOpen: the producer is closed, or was opened before a fork.
        """
        check_run_id(run_id)
        self.outbox.check_open()
        return RunWriter(self.outbox, run_id, lifecycle=Lifecycle(run_id, strict=strict))

    def close(self) -> None:
        """Release everything; what has no answer by then is unknown."""
        self.outbox.refuse("this producer is closed: open a new AgentProducer")
        self.control.close()
        self._pump.stop()
        self._writer.close()
        self.outbox.abandon()
        for waiter in self.outbox.take_woken():
            waiter.wake()


def check_run_id(run_id: str) -> None:
    """Refuse what can't name a run.

    Raises:
        Misuse: it does not match the protocol's pattern.
    """
    if not is_run_id(run_id):
        raise Misuse(f"a run_id must match {RUN_ID_PATTERN}: choose another, or leave it out")
