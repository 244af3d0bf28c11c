"""A shortcut for the event that makes up nearly all of a log: a plain delta.

The models decide what is valid. This may only say yes, and only where they would: anything out of
the ordinary is theirs to judge.
"""

from typing import Any

from durable_streaming.schemas.fields import MAX_SEQ
from durable_streaming.schemas.times import is_plain_time

_DELTAS = ("text.delta", "reasoning.delta")
_MAX_ID = 256


def is_plain_delta(found: dict[str, Any]) -> bool:
    """Say whether an object is certainly a valid delta; False says nothing.

    Args:
        found: a decoded event whose version and run id are judged already.
    """
    if found.get("type") not in _DELTAS:
        return False
    data = found.get("data")
    if type(data) is not dict:
        return False
    text = data.get("text")
    return (
        type(text) is str
        and text != ""
        and _is_index(data.get("part", 0))
        and _is_index(found.get("seq"))
        and _is_index(found.get("producer_epoch"))
        and type(producer := found.get("producer_id")) is str
        and len(producer) <= _MAX_ID
        and type(moment := found.get("time")) is str
        and is_plain_time(moment)
    )


def _is_index(value: Any) -> bool:
    # Exactly int: a bool is one too, and no number of the protocol.
    return type(value) is int and 0 <= value <= MAX_SEQ
