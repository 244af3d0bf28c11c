"""Watching the topics: retention that raises low watermarks, and topics that are created anew."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from durable_streaming.eventlog import Admin, LogUnavailable
from durable_streaming.gateway.errors import EpochChangedError

_log = logging.getLogger(__name__)

_INTERVAL_S = 1.0


class Watch:
    """Asks the broker once a second what the tails can't see.

    Attributes:
        lows: low watermark of each partition of the events topic, as of the last answer.
    """

    def __init__(
        self,
        admin: Admin,
        events_topic: str,
        topic_ids: Mapping[str, str],
        on_lows: Callable[[Mapping[int, int]], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self.lows: dict[int, int] = {}
        self._admin = admin
        self._events_topic = events_topic
        self._topic_ids = topic_ids
        self._on_lows = on_lows
        self._on_failure = on_failure
        self._answered_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    @property
    def silent_seconds(self) -> float:
        """Time since the broker answered last."""
        return time.monotonic() - self._answered_at

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it may be waiting for a broker that is gone, so nobody joins."""
        self._stopped.set()

    def low(self, partition: int) -> int:
        """Return a partition's low watermark."""
        return self.lows.get(partition, 0)

    def note(self, marks: Mapping[int, tuple[int, int]]) -> None:
        """Take in watermarks that someone asked for."""
        # Watermarks only rise; an older answer that comes later must not lower them.
        self.lows = {p: max(low, self.low(p)) for p, (low, _) in marks.items()}
        self._answered_at = time.monotonic()
        self._on_lows(self.lows)

    def _run(self) -> None:
        while not self._stopped.wait(_INTERVAL_S):
            try:
                self._check()
            except LogUnavailable as error:
                _log.warning("broker does not answer", extra={"reason": str(error)})
            except Exception as error:
                if not self._stopped.is_set():
                    self._on_failure(error)
                return

    def _check(self) -> None:
        for topic, topic_id in self._topic_ids.items():
            found = self._admin.describe(topic).topic_id
            if found != topic_id:
                raise EpochChangedError(f"topic {topic} was created anew ({topic_id} -> {found})")
        self.note(self._admin.watermarks(self._events_topic))
