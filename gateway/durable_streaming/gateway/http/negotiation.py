"""Choosing among the media types that a route can answer with."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException


def choose(accept: str | None, offered: Sequence[str]) -> str:
    """Return the offered media type that an Accept header likes best; the first of equals.

    Raises:
        HTTPException: 406, it accepts none of them.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_read_range(part) for part in accept.split(",")]
    quality = {media_type: _quality(media_type, ranges) for media_type in offered}
    best = max(offered, key=lambda media_type: quality[media_type])
    if quality[best] <= 0:
        raise HTTPException(406, f"Accept one of: {', '.join(offered)}")
    return best


def _read_range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
    return name, weight


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    family = media_type.partition("/")[0] + "/*"
    for pattern in (media_type, family, "*/*"):
        weights = [weight for name, weight in ranges if name == pattern]
        if weights:
            return max(weights)
    return 0.0
