"""The AsyncAPI document: the WebSocket's two addresses and every frame on them."""

from __future__ import annotations

from functools import cache
from typing import Any

from durable_streaming.schemas import RUN_ID_PATTERN
from durable_streaming.schemas.frames import CLIENT_FRAME, SERVER_FRAME, SUBPROTOCOL

_REF = "#/components/schemas/{model}"
_TEXT = {"type": "string"}
_POSITION = ("after", "from_offset", "from")


@cache
def document() -> dict[str, Any]:
    """Return the document (AsyncAPI 3.0); made once."""
    schemas: dict[str, Any] = {}
    sent = _messages(CLIENT_FRAME.json_schema(ref_template=_REF), schemas)
    received = _messages(SERVER_FRAME.json_schema(ref_template=_REF), schemas)
    messages = {**sent, **received}
    channel = {"messages": {name: _ref("messages", name) for name in messages}}
    binding = {"query": {"type": "object", "properties": dict.fromkeys(_POSITION, _TEXT)}}
    channels = {
        "runs": {
            "address": "/v1/ws",
            "description": "Subscriptions to many runs, and the run list.",
            **channel,
        },
        "run": {
            "address": "/v1/runs/{run_id}/ws",
            "description": "One run; subscribes by itself, at one of the positions.",
            "parameters": {"run_id": {"description": f"Matches {RUN_ID_PATTERN}"}},
            "bindings": {"ws": binding},
            **channel,
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Durable Streaming gateway",
            "version": "1",
            "description": f"Text frames, one JSON object each; subprotocol `{SUBPROTOCOL}`.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            f"{action}_{channel_name}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{channel_name}"},
                "messages": [
                    {"$ref": f"#/channels/{channel_name}/messages/{name}"} for name in names
                ],
            }
            for channel_name in channels
            # As the gateway sees it: it receives what a client sends.
            for action, names in (("receive", sent), ("send", received))
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _messages(union: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    schemas.update(union["$defs"])
    return {
        kind: {"name": kind, "payload": {"$ref": ref}}
        for kind, ref in union["discriminator"]["mapping"].items()
    }


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
