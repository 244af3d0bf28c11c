"""The one reader of a process that hears which runs are to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

from durable_streaming.eventlog import EventLogError, Log, LogRefused, Record
from durable_streaming.producers.cancel_request import CancelRequest
from durable_streaming.producers.errors import LogFailed
from durable_streaming.schemas import Event, judge_value

_log = logging.getLogger(__name__)

News = CancelRequest | LogFailed | None
"""A wish to stop, why none can be heard, or None: the run was left and nobody needs to know."""

Tell = Callable[[News], None]

# How long closing may wait for the reader; what is there is read at once all the same.
_READ_S: Final = 0.2
_RETRY_S: Final = 0.5
# Of runs that have not asked yet. Far more than the topic's short retention will ever hold.
_MOST_HEARD: Final = 100_000
_REASON_POINTS: Final = 500


class ControlListener:
    """Follows the control topic from what it still keeps, from the first `listen` on.

    From its beginning, because a wish may be older than the one who asks: an agent that was
    restarted takes its run over and hears what was wished meanwhile. All wishes are remembered, so
    that a run which asks later needs no reading of its own.
    """

    def __init__(self, log: Log, topic: str) -> None:
        self._log = log
        self._topic = topic
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Tell]] = {}
        self._heard: dict[str, CancelRequest] = {}
        self._failure: LogFailed | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def listen(self, run_id: str, tell: Tell) -> None:
        """Have `tell` called once: by this reader's thread, or at once where the news is known."""
        with self._lock:
            news = self._heard.get(run_id) or self._failure
            if news is None:
                self._waiting.setdefault(run_id, []).append(tell)
                self._start()
        if news is not None:
            tell(news)

    def forget(self, run_id: str, tell: Tell) -> None:
        """Let one who listens go, without news."""
        with self._lock:
            waiting = self._waiting.get(run_id, [])
            if tell in waiting:
                waiting.remove(tell)
            if not waiting:
                self._waiting.pop(run_id, None)

    def leave(self, run_id: str) -> None:
        """Tell all who listen for a run that it is over."""
        with self._lock:
            waiting = self._waiting.pop(run_id, [])
        for tell in waiting:
            tell(None)

    def close(self) -> None:
        """End the thread; who still listens is told that it is over."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for run_id in list(self._waiting):
            self.leave(run_id)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="durable-control", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except LogRefused as error:
                self._fail(error)
                return
            except EventLogError as error:
                _log.warning("wishes to stop can't be heard for now: %s", error)
                self._stop.wait(_RETRY_S)
            except Exception as error:
                _log.exception("the thread that hears wishes to stop ended")
                self._fail(error)
                return

    def _follow(self) -> None:
        with closing(self._log.admin()) as admin:
            marks = admin.watermarks(self._topic)
        begin = {(self._topic, partition): low for partition, (low, _) in marks.items()}
        with self._log.reader(begin) as reader:
            while not self._stop.is_set():
                for record in reader.read(_READ_S):
                    self._take(record)

    def _take(self, record: Record) -> None:
        event = judge_value(record.value or b"")
        if not isinstance(event, Event) or event.type != "run.cancel_requested":
            return
        with self._lock:
            if event.run_id in self._heard:
                return
            while len(self._heard) >= _MOST_HEARD:
                del self._heard[next(iter(self._heard))]
            request = self._heard[event.run_id] = _request(event)
            waiting = self._waiting.pop(event.run_id, [])
        for tell in waiting:
            _tell(tell, request)

    def _fail(self, error: Exception) -> None:
        failure = LogFailed(f"wishes to stop can't be heard: {error}")
        failure.__cause__ = error
        with self._lock:
            self._failure = failure
            waiting = [tell for tells in self._waiting.values() for tell in tells]
            self._waiting.clear()
        for tell in waiting:
            _tell(tell, failure)


def _tell(tell: Tell, news: News) -> None:
    try:
        tell(news)
    except Exception:
        # The caller's code, in our thread: the other runs must still hear.
        _log.exception("a callback of run.on_cancel failed")


def _request(event: Event) -> CancelRequest:
    data = event.data
    reason = data.get("reason")
    return CancelRequest(
        data.get("requested_by"),
        None if reason is None else reason[:_REASON_POINTS],
        data.get("seen_offset"),
    )
