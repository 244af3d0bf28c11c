"""How a run hears that somebody wants it to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from durable_streaming.producers.base_run import BaseRun
from durable_streaming.producers.cancel_request import CancelRequest
from durable_streaming.producers.delivery.waiters import LoopWaiter, ThreadWaiter
from durable_streaming.producers.errors import LogFailed

if TYPE_CHECKING:
    from durable_streaming.producers.delivery.control import News

_log = logging.getLogger(__name__)

OnCancel = Callable[[CancelRequest], object]


class StoppableRun(BaseRun):
    """The part of `RunHandle` that hears; the first call in a process starts one small reader."""

    def on_cancel(self, callback: OnCancel) -> None:
        """Have `callback` called in this event loop when somebody wants the run to stop.

        Once, and at once where the wish is older than this call; never after the run's block was
        left. A wish that can't be heard, because the control topic can't be read, is logged.

        ```python
        run.on_cancel(lambda request: task.cancel(request.reason))
        ```

        Raises:
            NotOpen: the producer is not open in this process.
        """
        control, loop = self._control(), asyncio.get_running_loop()

        def tell(news: News) -> None:
            if not isinstance(news, CancelRequest):
                _log_failure(self.run_id, news)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(self._unless_left, callback, news)

        if not self._is_left:
            control.listen(self.run_id, tell)

    async def cancelled(self, timeout_s: float | None = None) -> CancelRequest | None:
        """Wait until somebody wants the run to stop.

        Args:
            timeout_s: give None after this time; 0 says whether a wish was heard so far.

        Returns:
            The wish, also where it is older than this call; None when the run's block was left
            before there was one.

        Raises:
            LogFailed: the control topic can't be read, so no wish can be heard.
            NotOpen: the producer is not open in this process.
        """
        control, waiter = self._control(), LoopWaiter()
        told: list[News] = []

        def tell(news: News) -> None:
            told.append(news)
            waiter.wake()

        if self._is_left:
            return None
        control.listen(self.run_id, tell)
        try:
            await waiter.wait(timeout_s)
        finally:
            control.forget(self.run_id, tell)
        return _given(told[0]) if told else None

    def _unless_left(self, callback: OnCancel, request: CancelRequest) -> None:
        if not self._is_left:
            callback(request)


class SyncStoppableRun(BaseRun):
    """The part of `SyncRunHandle` that hears; as `StoppableRun`."""

    def on_cancel(self, callback: OnCancel) -> None:
        """Have `callback` called when somebody wants the run to stop; as `RunHandle.on_cancel`.

        It is called in the thread that hears, so it should only set something that the agent looks
        at, for instance a `threading.Event`.
        """

        def tell(news: News) -> None:
            if not isinstance(news, CancelRequest):
                _log_failure(self.run_id, news)
            elif not self._is_left:
                callback(news)

        control = self._control()
        if not self._is_left:
            control.listen(self.run_id, tell)

    def cancelled(self, timeout_s: float | None = None) -> CancelRequest | None:
        """Wait until somebody wants the run to stop; as `RunHandle.cancelled`."""
        control, waiter = self._control(), ThreadWaiter()
        told: list[News] = []

        def tell(news: News) -> None:
            told.append(news)
            waiter.wake()

        if self._is_left:
            return None
        control.listen(self.run_id, tell)
        waiter.wait(timeout_s)
        control.forget(self.run_id, tell)
        return _given(told[0]) if told else None


def _given(news: News) -> CancelRequest | None:
    if isinstance(news, LogFailed):
        # A new one, because several may raise it.
        raise LogFailed(str(news)) from news
    return news


def _log_failure(run_id: str, news: LogFailed | None) -> None:
    if news is not None:
        _log.error("run %s: %s", run_id, news)
