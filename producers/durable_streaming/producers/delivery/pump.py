"""The thread that appends what is due and takes the broker's answers."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable_streaming.producers.delivery.outbox import Outbox

_log = logging.getLogger(__name__)

# How late a merged delta may be, at most, because the thread waits for answers in the client.
_MAX_POLL_S = 0.01
# With nothing to do the client is still looked at now and then, for its own errors.
_IDLE_S = 1.0
_EXPIRE_EVERY_S = 0.25


class Pump:
    """One thread a producer, whatever the number of runs.

    A thread and not a task: merged text is appended in time even while the agent's own code holds
    up the event loop, and the same code serves programs without one.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._stop = threading.Event()
        # A daemon, so that a producer that nobody closed does not keep a process from ending.
        self._thread = threading.Thread(target=self._run, name="durable-producer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for that; what is still unanswered stays so."""
        self._stop.set()
        self._outbox.interrupt()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop()
        except Exception:
            # Without this thread no answer comes any more, and no one may wait for one for ever.
            _log.exception("the producer's thread ended")
            self._outbox.refuse("the producer's thread ended with an error: open a new producer")
            self._outbox.abandon()
            self._wake()

    def _loop(self) -> None:
        outbox = self._outbox
        next_expiry_s = outbox.monotonic() + _EXPIRE_EVERY_S
        while not self._stop.is_set():
            now_s = outbox.monotonic()
            pause_s = outbox.turn(now_s)
            if now_s >= next_expiry_s:
                outbox.expire(now_s)
                next_expiry_s = now_s + _EXPIRE_EVERY_S
            if outbox.awaits_answers:
                outbox.poll(min(pause_s, _MAX_POLL_S))
            else:
                outbox.wait_for_work(min(pause_s, _IDLE_S))
                outbox.poll(0)
            self._wake()

    def _wake(self) -> None:
        for waiter in self._outbox.take_woken():
            waiter.wake()
