"""The frames of the WebSocket subprotocol `durable.v1`: text frames, one JSON object each."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from durable_streaming.schemas.fields import Offset, WireModel
from durable_streaming.schemas.problems import Slug

SUBPROTOCOL = "durable.v1"


class Subscribe(WireModel):
    """Follow a run; for a run already followed, replaces that subscription."""

    type: Literal["subscribe"]
    run_id: str
    after: str | None = None
    from_offset: Offset | None = None
    from_: Annotated[Literal["start", "now"] | None, Field(alias="from")] = None

    @model_validator(mode="after")
    def _one_position(self) -> Self:
        given = (self.after, self.from_offset, self.from_)
        if sum(position is not None for position in given) > 1:
            raise ValueError("give one of after, from_offset and from")
        return self


class Unsubscribe(WireModel):
    """Stop following a run."""

    type: Literal["unsubscribe"]
    run_id: str


class Authenticate(WireModel):
    """Prove who is there by a ticket."""

    type: Literal["authenticate"]
    ticket: str


class Watch(WireModel):
    """Follow the run list."""

    type: Literal["watch"]
    status: str | None = None
    agent: str | None = None
    verdict: str | None = None


class Unwatch(WireModel):
    """Stop following the run list."""

    type: Literal["unwatch"]


ClientFrame = Annotated[
    Subscribe | Unsubscribe | Authenticate | Watch | Unwatch, Field(discriminator="type")
]
CLIENT_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)


class Subscribed(WireModel):
    """A subscription begins; `head`: where the run stood then."""

    type: Literal["subscribed"]
    run_id: str
    outcome: Literal["up_to_date", "replay", "gap"]
    token: str
    head: str


class EventFrame(WireModel):
    """One stored event, byte for byte."""

    type: Literal["event"]
    offset: int
    token: str
    event: dict[str, Any]


class CaughtUp(WireModel):
    """Nothing more now."""

    type: Literal["caught_up"]
    run_id: str
    token: str


class Closed(WireModel):
    """The run ended and all of it was delivered: this subscription is over."""

    type: Literal["closed"]
    run_id: str
    status: str
    verdict: str
    token: str


class Lagging(WireModel):
    """This viewer is slow; nothing is lost."""

    type: Literal["lagging"]
    run_id: str
    events: int


class Heartbeat(WireModel):
    """The connection lives."""

    type: Literal["heartbeat"]
    time: str


class Unsubscribed(WireModel):
    """The subscription is over, as asked."""

    type: Literal["unsubscribed"]
    run_id: str


class RunFrame(WireModel):
    """A run list entry that changed."""

    type: Literal["run"]
    run_id: str
    status: str
    agent: str | None
    title: str | None
    started_at: str | None
    updated_at: str | None
    ended_at: str | None
    verdict: str | None
    events: int
    token: str


class Authenticated(WireModel):
    """The ticket was taken."""

    type: Literal["authenticated"]


class Watching(WireModel):
    """The run list is followed, as asked."""

    type: Literal["watching"]


class Unwatched(WireModel):
    """The run list is not followed any more."""

    type: Literal["unwatched"]


class ErrorFrame(WireModel):
    """What was refused, and why."""

    type: Literal["error"]
    code: Slug
    message: str
    run_id: str | None = None
    token: str | None = None


ServerFrame = Annotated[
    Subscribed
    | EventFrame
    | CaughtUp
    | Closed
    | Lagging
    | RunFrame
    | Heartbeat
    | Unsubscribed
    | Authenticated
    | Watching
    | Unwatched
    | ErrorFrame,
    Field(discriminator="type"),
]
SERVER_FRAME: TypeAdapter[ServerFrame] = TypeAdapter(ServerFrame)
