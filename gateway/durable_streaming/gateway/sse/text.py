"""Server frames as server-sent events: the same content, in another dress."""

from __future__ import annotations

from durable_streaming.schemas import decode

# How `Tokens.event_frame` begins; token and offset hold no quote, so the first match splits.
_EVENT_START = b'{"type":"event","offset":'
_TOKEN = b',"token":"'
_EVENT = b'","event":'


def sse_text(payload: bytes) -> bytes:
    """Write one server frame's JSON as one server-sent event.

    An event travels byte for byte: it has no raw line break. A frame with a position carries it
    as `id`, but for errors: what comes after one is for the client to decide.
    """
    if payload.startswith(_EVENT_START):
        at = payload.index(_TOKEN) + len(_TOKEN)
        end = payload.index(_EVENT, at)
        event = payload[end + len(_EVENT) : -1]
        return b"id: %b\nevent: event\ndata: %b\n\n" % (payload[at:end], event)
    frame = decode(payload)
    kind = frame["type"]
    if kind == "heartbeat":
        # A comment: browsers have no use for it, connections have.
        return b": heartbeat %b\n\n" % frame["time"].encode()
    token = frame.get("token") if kind != "error" else None
    position = b"" if token is None else b"id: %b\n" % token.encode()
    return b"%bevent: %b\ndata: %b\n\n" % (position, kind.encode(), payload)
