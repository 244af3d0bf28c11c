"""What the gateway itself appends: rare records, each waited for."""

from __future__ import annotations

import threading
import time

from durable_streaming.eventlog import EventLogError, Log, Outcome, Stored, Writer
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.threads import in_daemon_thread

_TIMEOUT_S = 5.0
_POLL_S = 0.05
# Each waits in a thread of its own; a broker that is gone must not collect them.
_MAX_WAITING = 64


class Append:
    """A record to append; whoever waits for it again does not send it again.

    Attributes:
        outcome: what became of it, as soon as the broker or its silence has said so.
    """

    def __init__(self, topic: str, key: bytes, value: bytes) -> None:
        self.topic = topic
        self.key = key
        self.value = value
        self.is_sent = False
        self.outcome: Outcome | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the log has it not, or nobody will ever know."""
        return self.outcome is not None and not isinstance(self.outcome, Stored)

    def settle(self, outcome: Outcome) -> None:
        """Take note of what became of it."""
        self.outcome = outcome


class Appender:
    """Appends records, one writer for all; made when it is first needed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._writer: Writer | None = None
        self._making = threading.Lock()
        self._waiting = 0

    async def append(self, record: Append) -> None:
        """Append a record unless that was begun, and wait until the log has it.

        Raises:
            Refusal: the log did not take it, or did not say so in time.
        """
        if self._waiting >= _MAX_WAITING:
            raise Refusal("slow-down", "too many records wait for the broker: try again")
        self._waiting += 1
        try:
            outcome = await in_daemon_thread(self._append, record)
        except EventLogError as error:
            raise Refusal("not-ready", f"the log did not take it: {error}") from None
        finally:
            self._waiting -= 1
        if not isinstance(outcome, Stored):
            said = "in time" if outcome is None else f"it: {outcome.error}"
            raise Refusal(
                "not-ready",
                f"the broker did not confirm {said}; whether it is in the log is not known: "
                "try again, twice does no harm",
            )

    def close(self) -> None:
        """Release the connection; what still waits gets no answer any more."""
        with self._making:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.close(1)

    def _append(self, record: Append) -> Outcome | None:
        with self._making:
            if self._writer is None:
                self._writer = self._log.writer("durable-gateway")
            writer = self._writer
            if not record.is_sent:
                writer.append(record.topic, record.key, record.value, on_outcome=record.settle)
                record.is_sent = True
        deadline = time.monotonic() + _TIMEOUT_S
        # Another thread's poll may serve this one's outcome, so each looks again soon.
        while record.outcome is None and time.monotonic() < deadline:
            writer.poll(_POLL_S)
        return record.outcome
