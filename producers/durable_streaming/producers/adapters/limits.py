"""What keeps each fact that an adapter gives one event: ids, text and values within the limits."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from durable_streaming.schemas import canonical, decode

MAX_TEXT: Final = 150_000
"""Code points of text in one fact: at JSON's worst, six bytes each, it still is one event."""

MAX_VALUE_BYTES: Final = 900_000
"""Canonical bytes of a tool's arguments or output; the rest of the event needs some room."""

MAX_ID: Final = 256
MAX_DEPTH: Final = 90
"""Nesting of parsed arguments: an event may have 100 levels, its own objects among them."""


def identifier(text: str) -> str:
    """Give `text` where it is short enough for an id, else an equally stable hash of it."""
    if len(text) <= MAX_ID:
        return text
    return "sha256-" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def pieces(text: str) -> Iterator[str]:
    """Split text that is too long for one event; the pieces joined are the text."""
    for start in range(0, len(text), MAX_TEXT):
        yield text[start : start + MAX_TEXT]


def bounded(value: Any) -> Any:
    """Give `value` where it fits one event, else its size and hash in its place.

    A value that can't be written as JSON is given as it is: whoever publishes it refuses it,
    and says why.
    """
    try:
        encoded = canonical(value)
    except (ValueError, TypeError, RecursionError):
        return value
    if len(encoded) <= MAX_VALUE_BYTES:
        return value
    return {"omitted_bytes": len(encoded), "sha256": hashlib.sha256(encoded).hexdigest()}


def parsed(arguments: Any) -> Any:
    """Read the JSON that models write as text; what is no JSON an event can hold stays text."""
    if not isinstance(arguments, str):
        return arguments
    try:
        value = decode(arguments)
    except (ValueError, RecursionError):
        return arguments
    return value if _is_storable(value) else arguments


def _is_storable(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, int) and not -(2**63) <= item < 2**63:
                return False
        if not below:
            return True
        level = below
    return False
