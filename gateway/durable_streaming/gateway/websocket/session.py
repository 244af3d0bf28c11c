"""One viewer's conversation: its frames in order, its subscriptions, how it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple, Protocol

from durable_streaming.gateway import frames
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.hub import Connection, Socket, Subscription
from durable_streaming.gateway.hub.socket import Receiver
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.gateway.parameters import Wanted, check_run_id, read_wanted
from durable_streaming.gateway.positions import locate
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.websocket.client_frames import read_frame
from durable_streaming.schemas.frames import Subscribe

_MAX_INBOX = 16
_MAX_SUBSCRIPTIONS = 1_000
_DONE = 1000


class AdoptableSocket(Socket, Protocol):
    """An accepted socket that can be handed over."""

    def adopt(self, receiver: Receiver) -> None:
        """Give `receiver` what the peer sends from now on."""

    def hold_reading(self, hold: bool) -> None:
        """Stop taking messages from the peer, or go on."""

    async def run(self) -> None:
        """Keep the endpoint for as long as the socket needs it."""


class _First(NamedTuple):
    # What the address of a per-run socket asks for.
    run_id: str
    wanted: Wanted


class Session:
    """Serves one socket from its handshake to its end; a `hub.Receiver`.

    Frames are served one after the other, so that answers come in the order of the requests. A
    peer that sends faster than it is served is not read from.
    """

    def __init__(
        self, engine: Engine, log: Incarnation, socket: AdoptableSocket, only: str | None = None
    ) -> None:
        """Begin.

        Args:
            engine: counts what is refused.
            log: the incarnation that this socket lives and ends with.
            socket: accepted.
            only: the run that a per-run socket is for.
        """
        self._metrics = engine.metrics
        self._log = log
        self._socket = socket
        self._only = only
        self._inbox: deque[str | _First] = deque()
        self._serving: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._connection = Connection(socket, loop.time, self._on_closed, self._on_expired)
        log.hub.ladder.add(self._connection)

    def begin(self, run_id: str, wanted: Wanted) -> None:
        """Subscribe a per-run socket to its run, before anything that the peer asks for."""
        self._only = run_id
        self._inbox.appendleft(_First(run_id, wanted))
        self._wake()

    def refuse(self, refusal: Refusal, run_id: str | None = None) -> None:
        """Say what was refused; whether the socket ends depends on which it is."""
        self._metrics.refusals.labels(code=refusal.slug).inc()
        self._connection.write(refusal.frame(run_id))
        if self._only is not None or refusal.slug == "bad-frame":
            self._close(refusal.close_code, refusal.slug)

    def on_text(self, text: str) -> None:
        """Take a message."""
        self._inbox.append(text)
        if len(self._inbox) >= _MAX_INBOX:
            self._socket.hold_reading(True)
        self._wake()

    def on_bytes(self) -> None:
        """Refuse a binary message."""
        self.refuse(Refusal("bad-frame", "frames are text, not binary"))

    def on_drained(self) -> None:
        """Go on where the socket was congested."""
        self._log.hub.resume(self._connection)

    def on_disconnect(self) -> None:
        """Forget the socket."""
        self._connection.closing = True
        self._inbox.clear()
        if self._serving is not None:
            self._serving.cancel()
        self._log.hub.drop(self._connection)

    def _wake(self) -> None:
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve_inbox())

    async def _serve_inbox(self) -> None:
        while self._inbox and not self._connection.closing:
            request = self._inbox.popleft()
            if len(self._inbox) < _MAX_INBOX:
                self._socket.hold_reading(False)
            try:
                if isinstance(request, _First):
                    await self._serve_first(request)
                else:
                    await self._serve(request)
            except StoreDamagedError as error:
                self._log.fail(error)
        self._serving = None

    async def _serve_first(self, first: _First) -> None:
        try:
            await self._subscribe(first.run_id, first.wanted)
        except Refusal as refusal:
            self.refuse(refusal, first.run_id)

    async def _serve(self, text: str) -> None:
        try:
            frame = read_frame(text)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        try:
            run_id = check_run_id(frame.run_id)
            if self._only not in (None, run_id):
                raise Refusal("bad-request", "this socket is for one run: use /v1/ws for many")
            if isinstance(frame, Subscribe):
                offset = None if frame.from_offset is None else str(frame.from_offset)
                await self._subscribe(run_id, read_wanted(frame.after, offset, frame.from_))
            else:
                self._log.hub.detach(self._connection, run_id)
                self._connection.write(frames.unsubscribed(run_id))
        except Refusal as refusal:
            self.refuse(refusal, frame.run_id)

    async def _subscribe(self, run_id: str, wanted: Wanted) -> None:
        others = len(self._connection.subscriptions)
        if others >= _MAX_SUBSCRIPTIONS and run_id not in self._connection.subscriptions:
            raise Refusal("slow-down", f"a socket carries {_MAX_SUBSCRIPTIONS} subscriptions")
        located = await locate(self._log, run_id, wanted, gap_allowed=True)
        # From here to the end nothing waits: the tail can't slip an event in between.
        run, log = located.run, self._log
        subscription = log.hub.attach(
            self._connection, run_id, run.row, run.summary, located.cursor
        )
        outcome = located.outcome
        if outcome != "gap":
            outcome = "replay" if subscription.cursor < subscription.head else "up_to_date"
        self._metrics.subscriptions_opened.labels(outcome=outcome).inc()
        partition = run.row.partition
        self._connection.write(
            frames.subscribed(
                run_id,
                outcome,
                log.tokens.at(partition, subscription.cursor),
                log.tokens.at(partition, subscription.head),
            )
        )
        log.hub.delivery.pump(subscription)

    def _on_closed(self, subscription: Subscription) -> None:
        self._end(subscription, _DONE, "the run is over")

    def _on_expired(self, subscription: Subscription) -> None:
        self._end(subscription, 4410, "offset-expired")

    def _end(self, subscription: Subscription, code: int, reason: str) -> None:
        run_id = subscription.feed.run_id
        if self._connection.subscriptions.get(run_id) is subscription:
            self._log.hub.detach(self._connection, run_id)
        if self._only is not None:
            self._close(code, reason)

    def _close(self, code: int, reason: str) -> None:
        if not self._connection.closing:
            self._metrics.closes.labels(code=str(code)).inc()
            self._connection.close(code, reason)
