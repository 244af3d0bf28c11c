"""The keys that tokens are signed with: each has exactly one algorithm."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jwt

from durable_streaming.gateway.errors import AuthSettingsError
from durable_streaming.schemas import decode

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 1.0
# RFC 7518, 3.2: a key as long as the hash's output, at least.
_MIN_SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}


class Key(NamedTuple):
    """A key, and the one algorithm it is for."""

    key_id: str | None
    algorithm: str
    material: Any


def single_key(text: str, algorithm: str) -> Key:
    """Read the key of the settings: a secret, or a public key as PEM.

    Raises:
        AuthSettingsError: it can't be used with the algorithm.
    """
    # An environment file has one line a variable.
    raw = text.replace("\\n", "\n").encode()
    if len(raw) < _MIN_SECRET_BYTES.get(algorithm, 0):
        raise AuthSettingsError(
            f"DURABLE_JWT_KEY is shorter than the {_MIN_SECRET_BYTES[algorithm]} bytes that "
            f"{algorithm} needs: make one with `openssl rand -hex 64`"
        )
    try:
        material = jwt.get_algorithm_by_name(algorithm).prepare_key(raw)
    except Exception as error:
        # Whatever cryptography says of a key must not end in a log with the key in it.
        raise AuthSettingsError(
            f"DURABLE_JWT_KEY is no key for DURABLE_JWT_ALGORITHM={algorithm} "
            f"({type(error).__name__}): give a secret for HS*, else a public key as PEM"
        ) from None
    return Key(None, algorithm, material)


class KeyFile:
    """The keys of a JWKS file, read again when it changes: a key taken out is good no more."""

    def __init__(self, path: Path, algorithm: str | None) -> None:
        """Read it.

        Args:
            path: of the file.
            algorithm: of keys that do not name their own.

        Raises:
            AuthSettingsError: it is no such file.
        """
        self._path = path
        self._algorithm = algorithm
        self._changed_ns = -1
        self._looked_at = time.monotonic()
        self._keys = self._read()

    @property
    def current(self) -> Mapping[str, Key]:
        """The keys by their ids, as the file has them now."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_AGAIN_S:
            self._looked_at = now
            try:
                self._keys = self._read()
            except AuthSettingsError as error:
                _log.error("keys not read again, the old ones hold", extra={"reason": str(error)})
        return self._keys

    def _read(self) -> Mapping[str, Key]:
        try:
            changed_ns = self._path.stat().st_mtime_ns
            if changed_ns == self._changed_ns:
                return self._keys
            found = decode(self._path.read_bytes())["keys"]
            keys = dict(self._key(entry) for entry in found if entry.get("use", "sig") == "sig")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise AuthSettingsError(
                f"DURABLE_JWKS_FILE={self._path} is no JWKS file: {type(error).__name__}"
            ) from None
        self._changed_ns = changed_ns
        return keys

    def _key(self, entry: dict[str, Any]) -> tuple[str, Key]:
        key_id, algorithm = entry["kid"], entry.get("alg") or self._algorithm
        if not isinstance(key_id, str) or not algorithm:
            raise AuthSettingsError(
                f"DURABLE_JWKS_FILE={self._path}: each key needs `kid`, and `alg` unless "
                "DURABLE_JWT_ALGORITHM is set"
            )
        try:
            material = jwt.PyJWK(entry, algorithm).key
        except jwt.PyJWTError as error:
            raise AuthSettingsError(
                f"DURABLE_JWKS_FILE={self._path}: key {key_id}: {type(error).__name__}"
            ) from None
        return key_id, Key(key_id, algorithm, material)
