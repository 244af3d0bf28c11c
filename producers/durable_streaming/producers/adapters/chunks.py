"""Reading chunks: providers change what they send, so no member is taken for what it should be.

A member that is absent, null or of another type reads as empty: an adapter goes on with what it
understands, and ignores the rest.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, Final

from durable_streaming.producers.adapters.plain import plain

Chunk = Mapping[str, Any]

_EMPTY: Final[Chunk] = {}


def as_mapping(chunk: object) -> Chunk:
    """Take a chunk as decoded JSON, or the live object of a provider's SDK.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(chunk, Mapping):
        return chunk
    if isinstance(chunk, tuple) and (item := _item_of(chunk)) is not None:
        return item
    if callable(dump := getattr(chunk, "model_dump", None)):
        # As it came over the wire: in the wire's names, without what was not sent. SDKs build
        # objects without validation, so a member that is not as declared is no reason to warn.
        dumped = dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
        kind = getattr(chunk, "type", None)
        # What an object is may be its class's default, and so not set.
        return {"type": plain(kind), **dumped} if isinstance(kind, str) else mapping(dumped)
    if is_dataclass(chunk) and not isinstance(chunk, type):
        return mapping(plain(chunk))
    if callable(to_dict := getattr(chunk, "to_dict", None)):
        return mapping(to_dict())
    raise TypeError(
        f"a chunk is a mapping or has model_dump() or to_dict(), not {type(chunk).__name__}: "
        "pass the stream's own objects, or decode each line of a recording with json.loads()"
    )


def mapping(value: object) -> Chunk:
    """Give `value` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else _EMPTY


def mappings(value: object) -> list[Chunk]:
    """Give the objects in the list `value`."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Give `value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def word(value: object) -> str:
    """Give a code or status that some providers write as a string, others as an integer."""
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, int) else text(value)


def index(value: object) -> int | None:
    """Give `value` if it can be a position, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    return None


def _item_of(chunk: tuple[Any, ...]) -> Chunk | None:
    """Give an item of LangGraph's stream as its version 2 writes it; None where it is none."""
    match chunk:
        case (str() as mode, data):
            return {"type": mode, "ns": [], "data": data}
        case (tuple() as space, str() as mode, data):
            return {"type": mode, "ns": list(space), "data": data}
        case (message, dict() as metadata) if hasattr(message, "model_dump"):
            return {"type": "messages", "ns": [], "data": [message, metadata]}
    return None
