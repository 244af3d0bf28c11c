"""Looking again: a credential that was good when a stream began may end before the stream does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from durable_streaming.gateway.auth.authenticator import Authenticator
from durable_streaming.gateway.auth.principal import Principal

_INTERVAL_S = 30.0


class Recheck:
    """Looks at one principal's credential at its expiry and every half minute."""

    __slots__ = ("_authenticator", "_on_lost", "_timer")

    def __init__(self, authenticator: Authenticator, on_lost: Callable[[], None]) -> None:
        """Wire it.

        Args:
            authenticator: decides.
            on_lost: called once when the credential is good no more.
        """
        self._authenticator = authenticator
        self._on_lost = on_lost
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, principal: Principal) -> None:
        """Look at this principal from now on, and at no other."""
        self.stop()
        if principal.expires_at is None:
            return
        left = max(0.0, principal.expires_at - time.time())
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(left, _INTERVAL_S), self._look, principal)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, principal: Principal) -> None:
        if self._authenticator.holds(principal):
            self.watch(principal)
        else:
            self._on_lost()
