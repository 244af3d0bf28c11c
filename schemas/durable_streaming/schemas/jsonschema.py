"""JSON Schema of the wire, for programs in other languages."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from durable_streaming.schemas.events import AnyEvent, UnknownControlEvent, UnknownEvent
from durable_streaming.schemas.frames import ClientFrame, ServerFrame
from durable_streaming.schemas.records import (
    DraftChunk,
    DraftHead,
    Packet,
    PacketChunk,
    Reconciliation,
    RunRequest,
)


def export() -> dict[str, Any]:
    """Give one JSON Schema document a kind of thing: events, records, frames."""
    _, records = models_json_schema(
        [
            (model, "validation")
            for model in (DraftHead, DraftChunk, Packet, PacketChunk, Reconciliation, RunRequest)
        ],
        title="Derived records",
    )
    return {
        "events": TypeAdapter(AnyEvent | UnknownControlEvent | UnknownEvent).json_schema(),
        "records": records,
        "client_frames": TypeAdapter(ClientFrame).json_schema(),
        "server_frames": TypeAdapter(ServerFrame).json_schema(),
    }
