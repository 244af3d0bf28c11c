"""Tickets: what a page may hand to a WebSocket, which can't carry an Authorization header.

A ticket is signed, not stored, so that any gateway with the key takes it; it is short-lived, and
each process takes it once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from durable_streaming.gateway.auth.principal import Grants, Principal
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import canonical, decode

_GOOD_FOR_S = 30.0
_KEY_BYTES = 32
# It travels in a header of the handshake, whose lines servers bound at 8 KiB.
_MAX_CHARACTERS = 6_000


class Tickets:
    """Issues tickets, and takes each of them once."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        """Wire it.

        Args:
            key: gives the key that all gateways share; called when it is first needed.
        """
        self._read_key = key
        self._key: bytes | None = None
        self._taken: dict[str, float] = {}
        self._forget_at = 0.0

    def issue(self, principal: Principal) -> str:
        """Write a ticket for a principal, as narrow as it is.

        Raises:
            Refusal: it would be too long to be carried.
        """
        claims = {
            "id": secrets.token_urlsafe(12),
            "exp": time.time() + _GOOD_FOR_S,
            "sub": principal.subject,
            "grants": None if principal.grants is None else principal.grants.write(),
            "only": None if principal.only is None else sorted(principal.only),
            "until": principal.expires_at,
            "key": principal.key_id,
        }
        body = _to_text(canonical(claims))
        ticket = f"{body}.{self._sign(body)}"
        if len(ticket) > _MAX_CHARACTERS:
            raise Refusal("bad-request", "the ticket would be too long: name fewer runs")
        return ticket

    def take(self, ticket: str) -> Principal:
        """Take a ticket; it is good no more.

        Raises:
            Refusal: `unauthenticated`.
        """
        body, _, signature = ticket.partition(".")
        if not (ticket.isascii() and hmac.compare_digest(self._sign(body), signature)):
            raise _refused("its signature is wrong")
        claims: dict[str, Any] = decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        now = time.time()
        if claims["exp"] <= now:
            raise _refused("it has expired")
        if claims["id"] in self._taken:
            raise _refused("it was used before")
        if now >= self._forget_at:
            self._taken = {taken: until for taken, until in self._taken.items() if until > now}
            self._forget_at = now + _GOOD_FOR_S
        self._taken[claims["id"]] = claims["exp"]
        return Principal(
            claims["sub"],
            None if claims["grants"] is None else Grants.read(claims["grants"]),
            None if claims["only"] is None else frozenset(claims["only"]),
            claims["until"],
            claims["key"],
        )

    def _sign(self, body: str) -> str:
        if self._key is None:
            self._key = self._read_key()
        return _to_text(hmac.digest(self._key, body.encode(), hashlib.sha256))


def shared_key(data_dir: Path) -> bytes:
    """Read the key that the gateways of one data directory share, making it when it is missing."""
    path = data_dir / "gateway" / "ticket.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole before it has its name: another gateway may be looking for it at this moment.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
    # Fails where another gateway was faster, whose key is as good.
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
    return path.read_bytes()


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _refused(why: str) -> Refusal:
    return Refusal("unauthenticated", f"the ticket is refused: {why}; ask for a new one")
