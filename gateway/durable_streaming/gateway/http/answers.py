"""What the API answers with, as the OpenAPI document describes it.

Nothing is built or checked with these models at run time: answers are canonical JSON of stored
records. `tests/gateway/test_schema.py` compares what a gateway really says with them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from durable_streaming.schemas.fields import WireModel
from durable_streaming.schemas.records import (
    DraftHead,
    Packet,
    Reconciliation,
    RunStatus,
    Verdict,
)

_REF = "#/components/schemas/{model}"


class RunEntry(WireModel):
    """An entry of the run list, as of its token."""

    run_id: str
    status: RunStatus
    agent: str | None
    title: str | None
    started_at: str | None
    updated_at: str | None
    ended_at: str | None
    verdict: Verdict | None
    events: int
    token: str


class RunList(WireModel):
    """A page of the run list, the newest first."""

    runs: list[RunEntry]
    next_cursor: str | None


class Draft(DraftHead):
    """The draft with its whole streamed text."""

    text: str  # type: ignore[assignment]  # joined here, in pieces in the record


class RunState(WireModel):
    """A run's state; whoever subscribes after the token misses and repeats nothing."""

    run_id: str
    status: RunStatus
    draft: Draft | None
    packet: Packet | None
    reconciliation: Reconciliation | None
    token: str


class EventEntry(WireModel):
    """A stored event, byte for byte, where it is, and the position after it."""

    offset: int
    token: str
    event: dict[str, Any]


class EventPage(WireModel):
    """A run's events from a position on."""

    events: list[EventEntry]
    token: str
    caught_up: bool
    closed: bool


class Accepted(WireModel):
    """The run that was asked for, or asked to stop."""

    run_id: str


class Ticket(WireModel):
    """A ticket for a WebSocket: good once, for 30 s."""

    ticket: str


class PartitionStatus(WireModel):
    """How far broker, gateway and processors are; `processors` is null where they never began."""

    partition: int
    low: int
    high: int
    gateway: int
    processors: int | None


class AgentStatus(WireModel):
    """An agent that serves, and by how many processes."""

    agent: str
    members: int


class Status(WireModel):
    """How the pipeline stands."""

    topics: dict[str, int]
    partitions: list[PartitionStatus]
    subscribers: int
    watchers: int
    agents: list[AgentStatus]


class Alive(WireModel):
    """All is well."""

    status: Literal["ok"]


_MODELS: tuple[type[BaseModel], ...] = (
    RunList,
    RunState,
    EventEntry,
    EventPage,
    Accepted,
    Ticket,
    Status,
    Alive,
)


def answer(model: type[BaseModel], description: str, status: int = 200) -> dict[int | str, Any]:
    """Describe an answer of a route in the OpenAPI document."""
    return {status: {"description": description, "content": {"application/json": of(model)}}}


def of(model: type[BaseModel]) -> dict[str, Any]:
    """Refer to a model as the content of an answer."""
    return {"schema": {"$ref": _REF.format(model=model.__name__)}}


def lines_of(model: type[BaseModel]) -> dict[str, Any]:
    """Describe lines of JSON; OpenAPI 3.1 has no schema for each of them."""
    return {"schema": {"type": "string", "description": f"One {model.__name__} a line."}}


def one_of_stream() -> dict[str, Any]:
    """Describe one server-sent event; what `data` holds depends on its type."""
    text = {"type": "string"}
    return {
        "schema": {
            "type": "object",
            "description": "One server-sent event; `id` is the token after it.",
            "properties": {"id": text, "event": text, "data": {}},
        }
    }


def definitions() -> dict[str, Any]:
    """Give the schemas that `answer` and `of` refer to, by name."""
    _, document = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REF
    )
    found: dict[str, Any] = document["$defs"]
    return found
