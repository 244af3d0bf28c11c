"""One viewer's socket: its subscriptions, and whether it keeps up."""

from __future__ import annotations

from collections.abc import Callable

from durable_streaming.gateway.hub.socket import Socket
from durable_streaming.gateway.hub.subscription import Subscription


class Connection:
    """A socket with the subscriptions that share it.

    Attributes:
        subscriptions: by run id.
        written: bytes so far.
        wrote_at: clock time of the last write.
        on_closed: called with a subscription that ended because its run did.
        on_expired: called with a subscription that ended because retention overtook it.
    """

    __slots__ = (
        "_clock",
        "_progress_at",
        "_taken",
        "closing",
        "on_closed",
        "on_expired",
        "socket",
        "subscriptions",
        "written",
        "wrote_at",
    )

    def __init__(
        self,
        socket: Socket,
        clock: Callable[[], float],
        on_closed: Callable[[Subscription], None],
        on_expired: Callable[[Subscription], None],
    ) -> None:
        self.socket = socket
        self.subscriptions: dict[str, Subscription] = {}
        self.closing = False
        self.on_closed = on_closed
        self.on_expired = on_expired
        self._clock = clock
        self.written = 0
        self._taken = 0
        self.wrote_at = self._progress_at = clock()

    def write(self, frames: bytes) -> None:
        """Add whole frames to the stream; nothing once the socket is being closed."""
        if self.closing:
            return
        self.written += len(frames)
        self.wrote_at = self._clock()
        self.socket.write(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close; nothing is written after it."""
        if not self.closing:
            self.closing = True
            self.socket.close(code, reason)

    def stalled_seconds(self, now: float) -> float:
        """Say for how long bytes have waited without the peer taking any; asked regularly."""
        buffered = self.socket.buffered_bytes
        taken = self.written - buffered
        if not buffered or taken != self._taken:
            self._taken = taken
            self._progress_at = now
        return now - self._progress_at
