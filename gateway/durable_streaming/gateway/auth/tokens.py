"""Bearer tokens: verified by the one algorithm of their key, not by one that they name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt

from durable_streaming.gateway.auth.keys import Key, KeyFile, single_key
from durable_streaming.gateway.auth.principal import Grants, Principal
from durable_streaming.gateway.errors import AuthSettingsError
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.settings import GatewaySettings

_REQUIRED = ["exp", "iat", "aud", "iss", "sub"]
# How far the issuer's clock may be ahead of ours. Expiry knows no leeway.
_AHEAD_S = 10.0
_MAX_TOKEN_CHARACTERS = 16_384
_MAX_GRANTS = 1_000
_ALGORITHMS = frozenset(
    {f"{kind}{size}" for kind in ("HS", "RS", "ES", "PS") for size in (256, 384, 512)} | {"EdDSA"}
)


class TokenVerifier:
    """Makes principals of tokens."""

    def __init__(self, settings: GatewaySettings) -> None:
        """Read the keys.

        Raises:
            AuthSettingsError: something is missing or can't be used; says what and how to mend it.
        """
        for name in ("jwt_issuer", "jwt_audience"):
            if not getattr(settings, name):
                raise AuthSettingsError(f"DURABLE_AUTH=jwt needs DURABLE_{name.upper()}")
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        algorithm = settings.jwt_algorithm
        if algorithm is not None and algorithm not in _ALGORITHMS:
            raise AuthSettingsError(
                f"DURABLE_JWT_ALGORITHM must be one of: {', '.join(sorted(_ALGORITHMS))}"
            )
        if (settings.jwt_key is None) == (settings.jwks_file is None):
            raise AuthSettingsError(
                "DURABLE_AUTH=jwt needs one of DURABLE_JWT_KEY and DURABLE_JWKS_FILE"
            )
        self._file: KeyFile | None = None
        self._key: Key | None = None
        if settings.jwks_file is not None:
            self._file = KeyFile(settings.jwks_file, algorithm)
        elif algorithm is None:
            raise AuthSettingsError("DURABLE_JWT_KEY needs DURABLE_JWT_ALGORITHM, such as HS256")
        elif settings.jwt_key is not None:
            self._key = single_key(settings.jwt_key.get_secret_value(), algorithm)

    def verify(self, token: str) -> Principal:
        """Verify a token.

        Raises:
            Refusal: `unauthenticated`; never says more of the token than which rule it breaks.
        """
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise _refused("it is too long")
        try:
            key = self._key_of(token)
            claims = jwt.decode(
                token,
                key.material,
                algorithms=[key.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_AHEAD_S,
                options={"require": _REQUIRED},
            )
            expires_at = float(claims["exp"])
        except (jwt.PyJWTError, ArithmeticError, RecursionError, TypeError, ValueError) as error:
            raise _refused(f"it is no valid token ({type(error).__name__})") from None
        if expires_at <= time.time():
            raise _refused("it has expired")
        return Principal(_subject(claims), _grants(claims), None, expires_at, key.key_id)

    def has_key(self, key_id: str | None) -> bool:
        """Say whether the key that a principal's token was signed with is good still."""
        return self._file is None or key_id in self._file.current

    def _key_of(self, token: str) -> Key:
        if self._key is not None:
            return self._key
        keys = self._file.current if self._file is not None else {}
        key_id = jwt.get_unverified_header(token).get("kid")
        key = keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise jwt.InvalidKeyError
        return key


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 256:
        raise _refused("`sub` must have 1 to 256 characters")
    return subject


def _grants(claims: Mapping[str, Any]) -> Grants:
    runs = claims.get("runs", [])
    if (
        not isinstance(runs, list)
        or len(runs) > _MAX_GRANTS
        or not all(isinstance(grant, str) for grant in runs)
    ):
        raise _refused(f"`runs` must be a list of at most {_MAX_GRANTS} strings")
    return Grants.read(runs)


def _refused(why: str) -> Refusal:
    return Refusal("unauthenticated", f"the bearer token is refused: {why}; get a new one")
