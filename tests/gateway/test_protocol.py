"""What `GatewayProtocol` relies on in uvicorn's own class, which is internal and pinned."""

from __future__ import annotations

import inspect
import re

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from durable_streaming.gateway.sse import AbortableHttpProtocol
from durable_streaming.gateway.websocket import GatewayProtocol

BASE = WebSocketsSansIOProtocol


def test_what_is_overridden_is_there() -> None:
    own = [
        "connection_made",
        "connection_lost",
        "data_received",
        "handle_connect",
        "handle_close",
        "handle_parser_exception",
        "pause_writing",
        "resume_writing",
        "run_asgi",
        "send_receive_event_to_app",
        "shutdown",
    ]
    for name in own:
        theirs = inspect.signature(getattr(BASE, name))
        ours = inspect.signature(getattr(GatewayProtocol, name))
        assert list(theirs.parameters) == list(ours.parameters), name


def test_no_member_of_ours_hides_one_of_theirs() -> None:
    mentioned = set(re.findall(r"self\.(\w+)", inspect.getsource(BASE)))
    added = {
        "receiver",
        "abort_timer",
        "congested",
        "early",
        "writer",
        "open_writer",
        "adopt",
        "write",
        "close",
        "hold_reading",
    }
    assert not added & (mentioned | set(vars(BASE)))


def test_the_members_used_are_there() -> None:
    used = set(re.findall(r"self\.(\w+)", inspect.getsource(GatewayProtocol)))
    theirs = set(re.findall(r"self\.(\w+)", inspect.getsource(BASE)))
    assert used - theirs <= set(vars(GatewayProtocol)) | {
        "receiver",
        "abort_timer",
        "congested",
        "early",
        "writer",
    }


def test_what_the_http_protocol_uses_is_there() -> None:
    used = set(re.findall(r"self\.(\w+)", inspect.getsource(AbortableHttpProtocol)))
    theirs = set(re.findall(r"self\.(\w+)", inspect.getsource(H11Protocol)))
    assert used - theirs <= {"abort", "_with_abort"}
    assert not {"abort", "_with_abort"} & (theirs | set(vars(H11Protocol)))
