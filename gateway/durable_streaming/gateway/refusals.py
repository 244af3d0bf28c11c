"""What a client is refused: one exception, said as a problem, an error frame or a close code."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from durable_streaming.gateway import frames
from durable_streaming.schemas import PROBLEMS, Slug, canonical

_TYPE_PREFIX = "urn:durable-streaming:problem:"
_RETRY_AFTER_S = {"not-ready": 1, "slow-down": 1, "no-agent": 5}


class Refusal(Exception):
    """A request or frame that is refused.

    Attributes:
        slug: which refusal of the protocol.
        detail: why, and the remedy.
        token: the position to go on from, where there is one.
    """

    def __init__(self, slug: Slug, detail: str, *, token: str | None = None) -> None:
        super().__init__(detail)
        self.slug: Slug = slug
        self.detail = detail
        self.token = token

    @property
    def close_code(self) -> int:
        """How the per-run WebSocket closes after it."""
        return PROBLEMS[self.slug].close_code

    def response(self) -> Response:
        """Say it over HTTP."""
        kind = PROBLEMS[self.slug]
        headers = {}
        if self.slug in _RETRY_AFTER_S:
            headers["Retry-After"] = str(_RETRY_AFTER_S[self.slug])
        if self.slug == "unauthenticated":
            headers["WWW-Authenticate"] = "Bearer"
        extra = {} if self.token is None else {"token": self.token}
        return problem(kind.status, self.slug, kind.title, self.detail, headers, **extra)

    def frame(self, run_id: str | None = None) -> bytes:
        """Say it on a WebSocket."""
        return frames.error(self.slug, self.detail, run_id=run_id, token=self.token)


def problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> Response:
    """Write a problem document (RFC 9457)."""
    document = {
        "type": _TYPE_PREFIX + slug,
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
    }
    return Response(canonical(document), status, headers, media_type="application/problem+json")
