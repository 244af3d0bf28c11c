"""Tickets for WebSockets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from durable_streaming.gateway.http.answers import Ticket, answer
from durable_streaming.gateway.http.bodies import body_of, read_body
from durable_streaming.gateway.http.dependencies import TheEngine, TheLog, ThePrincipal, refusals
from durable_streaming.gateway.parameters import check_run_id
from durable_streaming.schemas import RUN_ID_PATTERN, canonical
from durable_streaming.schemas.fields import WireModel

router = APIRouter(prefix="/v1", tags=["tickets"])

_RunId = Annotated[str, Field(json_schema_extra={"pattern": f"^{RUN_ID_PATTERN}$"})]


class TicketBody(WireModel):
    """The runs that the ticket is for."""

    # The pattern is described only: `check_run_id` says the remedy.
    run_ids: Annotated[list[_RunId], Field(min_length=1, max_length=100)]


@router.post(
    "/tickets",
    status_code=201,
    responses={
        **answer(Ticket, "Use it within 30 s.", 201),
        **refusals(400, 401, 403, 429, 503),
    },
    openapi_extra=body_of(TicketBody),
)
async def issue_ticket(
    _: TheLog, engine: TheEngine, principal: ThePrincipal, request: Request
) -> Response:
    """Issue a ticket, good once and for 30 s; what it may see is judged where it is used."""
    body = await read_body(request, TicketBody)
    run_ids = [check_run_id(run_id) for run_id in body.run_ids]
    ticket = engine.authenticator.tickets.issue(principal.narrowed(run_ids))
    return Response(
        canonical({"ticket": ticket}),
        201,
        {"Cache-Control": "no-store"},
        media_type="application/json",
    )
