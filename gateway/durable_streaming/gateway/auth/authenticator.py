"""Which credentials a gateway takes, by its settings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from durable_streaming.gateway.auth.principal import ANYONE, Principal
from durable_streaming.gateway.auth.tickets import Tickets, shared_key
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from durable_streaming.gateway.auth.tokens import TokenVerifier

_TICKET_PROTOCOL = "ticket."


class Authenticator:
    """Makes principals of headers, handshakes and tickets."""

    def __init__(self, settings: GatewaySettings) -> None:
        """Read the keys.

        Raises:
            AuthSettingsError: the settings do not say how to authenticate.
        """
        self._tokens = _verifier(settings) if settings.auth == "jwt" else None
        key = settings.ticket_key
        self.tickets = Tickets(
            (lambda: shared_key(settings.data_dir))
            if key is None
            else key.get_secret_value().encode
        )

    def of_request(self, headers: Headers) -> Principal:
        """Say who sends a request.

        Raises:
            Refusal: `unauthenticated`.
        """
        if self._tokens is None:
            return ANYONE
        values = headers.getlist("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token:
            raise Refusal("unauthenticated", "send one header `Authorization: Bearer <token>`")
        return self._tokens.verify(token.strip())

    def of_handshake(self, headers: Headers, subprotocols: Sequence[str]) -> Principal | None:
        """Say who opens a WebSocket; None where that is still to be said, by a frame.

        Raises:
            Refusal: `unauthenticated`.
        """
        tickets = [name for name in subprotocols if name.startswith(_TICKET_PROTOCOL)]
        if len(tickets) > 1:
            raise Refusal("unauthenticated", "offer one ticket")
        if tickets:
            return self.tickets.take(tickets[0].removeprefix(_TICKET_PROTOCOL))
        if self._tokens is not None and "authorization" not in headers:
            return None
        return self.of_request(headers)

    def holds(self, principal: Principal) -> bool:
        """Say whether what a principal once showed is good still."""
        if principal.expires_at is not None and principal.expires_at <= time.time():
            return False
        return self._tokens is None or self._tokens.has_key(principal.key_id)


def _verifier(settings: GatewaySettings) -> TokenVerifier:
    # Imported only where needed: cryptography is a tenth of what a gateway loads at its start.
    from durable_streaming.gateway.auth.tokens import TokenVerifier

    return TokenVerifier(settings)
