"""A shortcut for the event that makes up nearly all of a log: a plain delta.

One typed reading in C takes the place of the checks that `judge` makes one after the other. It may
only say yes, and only where they would: anything out of the ordinary is theirs to judge.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from durable_streaming.schemas.fields import MAX_EVENT_BYTES, MAX_SEQ
from durable_streaming.schemas.times import is_plain_time

DeltaType = Literal["text.delta", "reasoning.delta"]
NO_PART: Final = -1

_Index = Annotated[int, Meta(ge=0, le=MAX_SEQ)]


# Unknown fields could hold what the protocol forbids: numbers out of range, too deep a nesting.
class DeltaData(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The data of a delta; `part` is `NO_PART` where it was not given."""

    text: Annotated[str, Meta(min_length=1)]
    part: _Index = NO_PART


class PlainDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A delta with the fields of the protocol and no others; the run id is not judged yet."""

    schema_version: Literal[1]
    run_id: str
    type: DeltaType
    seq: _Index
    producer_id: Annotated[str, Meta(max_length=256)]
    producer_epoch: _Index
    time: str
    data: DeltaData


_decode: Final = msgspec.json.Decoder(PlainDelta).decode
_OPEN, _CLOSE, _TAB, _LF, _CR = b"{}\t\n\r"


def read_plain_delta(value: bytes) -> PlainDelta | None:
    """Read a value that is certainly a valid delta but for its run id; None says nothing.

    The value has no white space around it then.
    """
    if not 0 < len(value) <= MAX_EVENT_BYTES or value[0] != _OPEN or value[-1] != _CLOSE:
        return None
    # Between tokens the library takes these bytes below 0x20; no other, and none in a string.
    if _LF in value or _TAB in value or _CR in value:
        return None
    try:
        delta = _decode(value)
    except (ValueError, RecursionError):
        return None
    return delta if is_plain_time(delta.time) else None
