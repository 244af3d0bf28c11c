"""The gateway without its faces: keeps one incarnation of the log running, whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from durable_streaming.eventlog import EventLogError, KafkaLog, Log
from durable_streaming.gateway import frames
from durable_streaming.gateway.appender import Appender
from durable_streaming.gateway.auth import Authenticator
from durable_streaming.gateway.cancelling import Cancelling
from durable_streaming.gateway.draining import send_away
from durable_streaming.gateway.errors import (
    EpochChangedError,
    GatewayError,
    StoreDamagedError,
)
from durable_streaming.gateway.hub import Limits
from durable_streaming.gateway.incarnation import Incarnation, open_log
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.settings import GatewaySettings
from durable_streaming.gateway.store.identity import drop
from durable_streaming.gateway.threads import in_daemon_thread

_log = logging.getLogger(__name__)

_RETRY_S = 1.0
_TICK_S = 1.0
_EPOCH_CHANGED = 4409
_TRY_LATER = 1013
_RESTARTING = 1012


class Engine:
    """Opens the log, follows it, and begins again when it can't go on.

    Attributes:
        draining: set when the process stops: not ready any more, though all is served still.
        authenticator: says who is there.
        appender: writes what the gateway itself appends.
        cancelling: asks runs to stop.
    """

    def __init__(
        self, settings: GatewaySettings, log: Log | None = None, limits: Limits | None = None
    ) -> None:
        self.settings = settings
        self.authenticator = Authenticator(settings)
        self.metrics = Metrics()
        self.draining = False
        self._log = log or KafkaLog(settings.kafka)
        self.appender = Appender(self._log)
        self.cancelling = Cancelling(self.appender, settings.kafka.topics.events)
        self._limits = limits or Limits(
            rings_bytes=settings.ring_bytes, send_deadline=settings.send_deadline_seconds
        )
        self._current: Incarnation | None = None
        self._why = "starting"
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def why_not_ready(self) -> str | None:
        """Say why requests are refused, None when they are served."""
        if self._current is None:
            return self._why
        return self._current.why_not_ready

    @property
    def current(self) -> Incarnation:
        """The log as it is now.

        Raises:
            Refusal: it can't be served yet.
        """
        why = self.why_not_ready
        if why is not None or self._current is None:
            raise Refusal("not-ready", f"{why or self._why}: try again")
        return self._current

    async def start(self) -> None:
        """Begin to open and follow the log; returns at once."""
        self._tasks = [asyncio.create_task(self._supervise()), asyncio.create_task(self._tick())]

    async def stop(self) -> None:
        """End everything, a bounded time."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        current, self._current = self._current, None
        if current is not None:
            await current.close()
        await in_daemon_thread(self.appender.close)

    def report(self, error: Exception) -> None:
        """Take note that the store failed: it will be rebuilt."""
        if self._current is not None:
            self._current.fail(error)

    async def drain(self, is_forced: Callable[[], bool]) -> None:
        """Send every viewer away, with what is ready: the process is to stop.

        Args:
            is_forced: says that nothing may wait any more.
        """
        self.draining = True
        if self._current is not None:
            await send_away(
                self._current.hub,
                _RESTARTING,
                "restarting: reconnect with the last token",
                window_s=self.settings.drain_window_seconds,
                is_forced=is_forced,
            )

    async def _supervise(self) -> None:
        while True:
            try:
                opened = await in_daemon_thread(open_log, self._log, self.settings)
            except (EventLogError, GatewayError) as error:
                if str(error) != self._why:
                    _log.warning("not ready", extra={"reason": str(error)})
                self._why = str(error)
                await asyncio.sleep(_RETRY_S)
                continue
            incarnation = Incarnation(opened, self.settings, self._limits, self.metrics)
            self._current = incarnation
            incarnation.start()
            _log.info("following the log", extra={"epoch": opened.identity.epoch})
            reason = await incarnation.failed
            _log.error("starting again", extra={"reason": repr(reason)})
            self._current, self._why = None, "starting again"
            self._send_away(incarnation, reason)
            await incarnation.close()
            if isinstance(reason, StoreDamagedError):
                await asyncio.to_thread(drop, self.settings.store_dir)
            await asyncio.sleep(_RETRY_S)

    @staticmethod
    def _send_away(incarnation: Incarnation, reason: BaseException) -> None:
        if isinstance(reason, EpochChangedError):
            text = "the topic was created anew: begin again from the start"
            incarnation.hub.close_all(_EPOCH_CHANGED, text, frames.error("epoch-changed", text))
        else:
            incarnation.hub.close_all(_TRY_LATER, "the log can't be followed: try again", b"")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self.metrics.ready.set(self.why_not_ready is None)
            if self._current is not None:
                self._current.tick()
