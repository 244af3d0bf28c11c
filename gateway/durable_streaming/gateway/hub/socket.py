"""What the hub needs of a socket; the transport behind it is the server's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Socket(Protocol):
    """An accepted WebSocket that takes ready frames.

    A write never blocks and never fails: what the peer does not read waits in the buffer, and
    `congested` says that no more should be added.
    """

    @property
    def writer(self) -> Callable[[bytes], object] | None:
        """What takes whole frames right now, without a look at anything.

        None while the socket is congested, and once it is being closed or gone.
        """

    @property
    def congested(self) -> bool:
        """Whether the buffer is above its high mark; `Receiver.on_drained` tells when it isn't."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes written that the kernel has not taken."""

    def write(self, frames: bytes) -> None:
        """Add whole frames to the stream."""

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the socket is free within a bounded time, whatever the peer does."""


class Receiver(Protocol):
    """What a socket tells its owner, on the loop."""

    def on_text(self, text: str) -> None:
        """A text message came."""

    def on_bytes(self) -> None:
        """A binary message came; its content is nobody's business."""

    def on_drained(self) -> None:
        """The buffer fell below its low mark."""

    def on_disconnect(self) -> None:
        """The socket is gone; nothing is called after it."""
