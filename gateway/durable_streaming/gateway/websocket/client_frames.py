"""Reading a client's frames: what is malformed ends the socket, what is only wrong does not."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import decode
from durable_streaming.schemas.frames import Authenticate, Subscribe, Unsubscribe, Unwatch, Watch

Request = Authenticate | Subscribe | Unsubscribe | Watch | Unwatch

_FRAMES: dict[str, TypeAdapter[Any]] = {
    "authenticate": TypeAdapter(Authenticate),
    "subscribe": TypeAdapter(Subscribe),
    "unsubscribe": TypeAdapter(Unsubscribe),
    "watch": TypeAdapter(Watch),
    "unwatch": TypeAdapter(Unwatch),
}
# A member of the right type with a value that can't be: the frame stands, the request does not.
_WRONG_VALUES = {"value_error", "literal_error", "greater_than_equal", "less_than_equal"}


def read_frame(text: str) -> Request:
    """Read one frame.

    Raises:
        Refusal: `bad-frame` where it is no frame of the subprotocol, `bad-request` where it is
            one that asks for what can't be.
    """
    try:
        found = decode(text)
    except (ValueError, RecursionError):
        raise Refusal("bad-frame", "a frame is one JSON object") from None
    if not isinstance(found, dict):
        raise Refusal("bad-frame", "a frame is one JSON object")
    kind = found.get("type")
    adapter = _FRAMES.get(kind) if isinstance(kind, str) else None
    if adapter is None:
        raise Refusal("bad-frame", f"type must be one of: {', '.join(_FRAMES)}")
    try:
        request: Request = adapter.validate_python(found)
    except ValidationError as error:
        raise _refusal(error) from None
    return request


def _refusal(error: ValidationError) -> Refusal:
    faults = error.errors(include_url=False, include_context=False)
    for fault in faults:
        if fault["type"] not in _WRONG_VALUES or _is_wrong_typed(fault):
            return Refusal("bad-frame", _say(fault))
    return Refusal("bad-request", _say(faults[0]))


def _is_wrong_typed(fault: Any) -> bool:
    return fault["type"] == "literal_error" and not isinstance(fault["input"], str)


def _say(fault: Any) -> str:
    member = ".".join(str(part) for part in fault["loc"])
    return f"{member}: {fault['msg']}" if member else str(fault["msg"])
