"""Producers that keep what they publish in memory, for the tests of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_streaming.producers.options import ProducerOptions
from durable_streaming.producers.producer import AgentProducer
from durable_streaming.producers.sync import SyncAgentProducer

if TYPE_CHECKING:
    from durable_streaming.eventlog import KafkaSettings, MemoryLog

# Merging depends on time, and a test should not: each delta is an event of its own.
_UNMERGED = ProducerOptions(merge_window_s=0)


class Capture:
    """A log in memory, and the events in it."""

    def __init__(self) -> None:
        from durable_streaming.eventlog import KafkaSettings, MemoryLog

        self.settings: KafkaSettings = KafkaSettings()
        self.log: MemoryLog = MemoryLog(self.settings.topics.specs())

    def events(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """Give the events so far, of one run or of all, each run's in its order."""
        from durable_streaming.schemas import decode

        topic = self.settings.topics.events
        marks = self.log.admin().watermarks(topic)
        end = sum(high for _, high in marks.values())
        with self.log.reader({(topic, p): low for p, (low, _) in marks.items()}) as reader:
            records = reader.read(0, max_records=max(1, end))
        records.sort(key=lambda record: record.timestamp_ms)
        events = [decode(record.value or b"") for record in records]
        return [event for event in events if run_id in (None, event["run_id"])]

    def request_cancel(self, run_id: str, reason: str | None = None) -> None:
        """Let the run hear that somebody wants it to stop."""
        from durable_streaming.eventlog import SystemClock, rfc3339
        from durable_streaming.schemas import SCHEMA_VERSION, canonical

        event = {
            "schema_version": SCHEMA_VERSION,
            "run_id": run_id,
            "type": "run.cancel_requested",
            "time": rfc3339(SystemClock().now_ms()),
            "data": {} if reason is None else {"reason": reason},
        }
        topic = self.settings.topics.control
        self.log.writer().append(topic, run_id.encode(), canonical(event))


class CapturingProducer(AgentProducer):
    """An `AgentProducer` whose events are kept in memory.

    ```python
    async with CapturingProducer() as producer:
        await my_agent(producer)
    assert [event["type"] for event in producer.events()] == ["run.started", "run.completed"]
    ```
    """

    def __init__(self, options: ProducerOptions = _UNMERGED) -> None:
        self._capture = Capture()
        super().__init__(self._capture.settings, options=options, log=self._capture.log)

    def events(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """Give the events so far, of one run or of all, each run's in its order."""
        return self._capture.events(run_id)

    def request_cancel(self, run_id: str, reason: str | None = None) -> None:
        """Let the run hear that somebody wants it to stop, as the gateway would."""
        self._capture.request_cancel(run_id, reason)


class SyncCapturingProducer(SyncAgentProducer):
    """A `SyncAgentProducer` whose events are kept in memory."""

    def __init__(self, options: ProducerOptions = _UNMERGED) -> None:
        self._capture = Capture()
        super().__init__(self._capture.settings, options=options, log=self._capture.log)

    def events(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """Give the events so far, of one run or of all, each run's in its order."""
        return self._capture.events(run_id)

    def request_cancel(self, run_id: str, reason: str | None = None) -> None:
        """Let the run hear that somebody wants it to stop, as the gateway would."""
        self._capture.request_cancel(run_id, reason)
