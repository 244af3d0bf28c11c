"""One viewer's conversation: its frames in order, its subscriptions, how it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple, Protocol

from durable_streaming.gateway import frames
from durable_streaming.gateway.auth import Principal, Recheck
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.hub import Connection, Socket, Subscription
from durable_streaming.gateway.hub.socket import Receiver
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.gateway.parameters import Wanted, check_run_id, read_wanted
from durable_streaming.gateway.positions import look_up
from durable_streaming.gateway.ratelimit import Bucket
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.websocket.client_frames import Request, read_frame
from durable_streaming.gateway.websocket.subscribing import subscribe
from durable_streaming.gateway.websocket.watching import read_watch
from durable_streaming.schemas.frames import Authenticate, Subscribe, Unsubscribe, Watch

_MAX_INBOX = 16
_AUTHENTICATE_WITHIN_S = 5.0
_DONE = 1000


class AdoptableSocket(Socket, Protocol):
    """An accepted socket that can be handed over."""

    def adopt(self, receiver: Receiver) -> None:
        """Give `receiver` what the peer sends from now on."""

    def hold_reading(self, hold: bool) -> None:
        """Stop taking messages from the peer, or go on."""

    async def run(self) -> None:
        """Keep the endpoint for as long as the socket needs it."""


class First(NamedTuple):
    """What the address of a per-run socket asks for, or why that is refused."""

    run_id: str
    wanted: Wanted | Refusal


class Session:
    """Serves one socket from its handshake to its end; a `hub.Receiver`.

    Frames are served one after the other, so that answers come in the order of the requests. A
    peer that sends faster than it is served is not read from.
    """

    def __init__(
        self,
        engine: Engine,
        log: Incarnation,
        socket: AdoptableSocket,
        principal: Principal | None,
        only: str | None = None,
    ) -> None:
        """Begin.

        Args:
            engine: authenticates, and counts what is refused.
            log: the incarnation that this socket lives and ends with.
            socket: accepted.
            principal: whoever opened it; None where a frame is to say so.
            only: the run that a per-run socket is for.
        """
        self._authenticator = engine.authenticator
        self._metrics = engine.metrics
        self._log = log
        self._socket = socket
        self._only = only
        self._principal = principal
        self._first: First | None = None
        self._inbox: deque[str] = deque()
        self._serving: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._connection = Connection(socket, loop.time, self._on_closed, self._on_expired)
        log.hub.ladder.add(self._connection)
        self._clock = loop.time
        self._bucket = Bucket(engine.settings.frames_per_second, loop.time())
        self._recheck = Recheck(engine.authenticator, self._on_unauthenticated)
        self._deadline: asyncio.TimerHandle | None = None
        if principal is None:
            self._deadline = loop.call_later(_AUTHENTICATE_WITHIN_S, self._on_unauthenticated)
        else:
            self._recheck.watch(principal)

    def begin(self, first: First) -> None:
        """Subscribe a per-run socket to its run, before anything that the peer asks for."""
        self._first = first
        self._wake()

    def refuse(self, refusal: Refusal, run_id: str | None = None) -> None:
        """Say what was refused; whether the socket ends depends on which it is."""
        self._metrics.refusals.labels(code=refusal.slug).inc()
        self._connection.write(refusal.frame(run_id))
        if self._only is not None or refusal.slug in ("bad-frame", "unauthenticated"):
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
        self._log.watchers.resume(self._connection)

    def on_disconnect(self) -> None:
        """Forget the socket."""
        self._connection.closing = True
        self._inbox.clear()
        self._recheck.stop()
        self._forget_deadline()
        if self._serving is not None:
            self._serving.cancel()
        self._log.watchers.remove(self._connection)
        self._log.hub.drop(self._connection)

    def _wake(self) -> None:
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve_inbox())

    async def _serve_inbox(self) -> None:
        try:
            await self._serve_first()
            while self._inbox and not self._connection.closing:
                text = self._inbox.popleft()
                if len(self._inbox) < _MAX_INBOX:
                    self._socket.hold_reading(False)
                await self._serve(text)
        except StoreDamagedError as error:
            self._log.fail(error)
        self._serving = None

    async def _serve_first(self) -> None:
        if self._first is None or self._principal is None:
            return
        first, self._first = self._first, None
        try:
            if isinstance(first.wanted, Refusal):
                raise first.wanted
            await self._subscribe(first.run_id, first.wanted, self._principal)
        except Refusal as refusal:
            self.refuse(refusal, first.run_id)

    async def _serve(self, text: str) -> None:
        frame: Request | None = None
        try:
            if not self._bucket.take(self._clock()):
                raise Refusal("slow-down", "too many frames: send fewer a second")
            frame = read_frame(text)
            if isinstance(frame, Authenticate):
                await self._authenticate(frame)
            elif self._principal is None:
                raise Refusal("unauthenticated", "authenticate first, with a ticket")
            else:
                await self._answer(frame, self._principal)
        except Refusal as refusal:
            self.refuse(refusal, getattr(frame, "run_id", None))

    async def _authenticate(self, frame: Authenticate) -> None:
        principal = self._principal = self._authenticator.tickets.take(frame.ticket)
        self._forget_deadline()
        self._recheck.watch(principal)
        self._connection.write(frames.done("authenticated"))
        for run_id in list(self._connection.subscriptions):
            run = look_up(self._log, run_id)
            if run is None or not run.is_visible_to(principal):
                self._log.hub.detach(self._connection, run_id)
                self.refuse(Refusal("no-such-run", "the ticket is not for this run"), run_id)
        await self._serve_first()

    async def _answer(self, frame: Request, principal: Principal) -> None:
        if isinstance(frame, Subscribe | Unsubscribe):
            run_id = check_run_id(frame.run_id)
            if self._only not in (None, run_id):
                raise _one_run()
            if isinstance(frame, Subscribe):
                offset = None if frame.from_offset is None else str(frame.from_offset)
                wanted = read_wanted(frame.after, offset, frame.from_)
                await self._subscribe(run_id, wanted, principal)
            else:
                self._log.hub.detach(self._connection, run_id)
                self._connection.write(frames.unsubscribed(run_id))
        elif self._only is not None:
            raise _one_run()
        elif isinstance(frame, Watch):
            # Asked anew with each entry: a later ticket may be for other runs.
            wants = read_watch(frame, lambda: self._principal)
            self._connection.write(frames.done("watching"))
            self._log.watchers.add(self._connection, wants)
        else:
            self._log.watchers.remove(self._connection)
            self._connection.write(frames.done("unwatched"))

    async def _subscribe(self, run_id: str, wanted: Wanted, viewer: Principal) -> None:
        await subscribe(self._log, self._connection, run_id, wanted, viewer, self._metrics)

    def _on_closed(self, subscription: Subscription) -> None:
        self._end(subscription, _DONE, "the run is over")

    def _on_expired(self, subscription: Subscription) -> None:
        self._end(subscription, 4410, "offset-expired")

    def _on_unauthenticated(self) -> None:
        self.refuse(Refusal("unauthenticated", "come again with a new token or ticket"))

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

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _one_run() -> Refusal:
    return Refusal("bad-request", "this socket is for one run: use /v1/ws for more")
