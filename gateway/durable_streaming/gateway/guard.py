"""What is judged before any route: rate, readiness, Host and Origin, then who is there."""

from __future__ import annotations

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from durable_streaming.gateway.auth import ANYONE
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.ratelimit import RateLimiter
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.settings import is_loopback

PRINCIPAL = "durable.principal"
"""Where the scope of a request has whoever sends it."""

_API_PREFIX = "/v1/"


class Guard:
    """Refuses what comes too often, too early, from a page that is not ours, or from nobody known.

    Who opens a WebSocket is said by its own handshake.

    A page of any origin may open a WebSocket to this machine, and a name of any domain may be
    made to point to it: without authentication, Origin and Host are what tells them apart.
    """

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine
        self._allowed = frozenset(engine.settings.allowed_origins)
        # Who may ask is settled otherwise where the host is not.
        self._any_host = engine.settings.insecure_bind or engine.settings.auth != "none"
        self._rates = RateLimiter(engine.settings.requests_per_second, time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # Routes see the path as it was sent: an encoded slash in a run id is part of the id (and
        # refused as such), not of the path.
        if raw_path := scope.get("raw_path"):
            scope["path"] = raw_path.decode("latin-1")
        try:
            if scope["path"].startswith(_API_PREFIX):
                self._check_api(scope)
            else:
                self._check_page(scope)
        except Refusal as refusal:
            self._engine.metrics.refusals.labels(code=refusal.slug).inc()
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_api(self, scope: Scope) -> None:
        principal = ANYONE
        unknown: Refusal | None = None
        if scope["type"] == "http":
            try:
                principal = self._engine.authenticator.of_request(Headers(scope=scope))
            except Refusal as refusal:
                unknown = refusal
        address = scope["client"][0] if scope.get("client") else ""
        who = f"address {address}" if principal.subject is None else f"sub {principal.subject}"
        if not self._rates.allows(who):
            raise Refusal("slow-down", "too many requests: send fewer a second")
        _ = self._engine.current
        if self._engine.draining and scope["type"] == "websocket":
            raise Refusal("not-ready", "the gateway is stopping: connect again, elsewhere")
        self._check_page(scope)
        if unknown is not None:
            raise unknown
        scope[PRINCIPAL] = principal

    def _check_page(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if not self._any_host and not (len(hosts) == 1 and is_loopback(_host_name(hosts[0]))):
            raise Refusal(
                "origin-refused",
                "this gateway answers to localhost, 127.0.0.1 and [::1] only: use one of them as "
                "the host",
            )
        if origins and (scope["type"] == "websocket" or scope["method"] == "POST"):
            own = f"{_http_scheme(scope)}://{hosts[0]}" if hosts else ""
            if len(origins) > 1 or (origins[0] != own and origins[0] not in self._allowed):
                raise Refusal(
                    "origin-refused",
                    "the page's origin is not allowed here: name it in DURABLE_ALLOWED_ORIGINS",
                )


def _http_scheme(scope: Scope) -> str:
    scheme: str = scope["scheme"]
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _host_name(host: str) -> str:
    """Take the port and brackets off a Host header's value."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        return name if bracket and (not port or _is_port(port)) else ""
    name, colon, port = host.partition(":")
    return name if not colon or _is_port(colon + port) else ""


def _is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and text[1:].isdigit()
