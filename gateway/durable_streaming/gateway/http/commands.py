"""What a person wants of runs: that one stops, that one begins."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import Field

from durable_streaming.eventlog import rfc3339
from durable_streaming.gateway.agents import serving
from durable_streaming.gateway.appender import Append
from durable_streaming.gateway.http.answers import Accepted, answer
from durable_streaming.gateway.http.bodies import body_of, read_body
from durable_streaming.gateway.http.dependencies import (
    RunId,
    TheEngine,
    TheLog,
    ThePrincipal,
    refusals,
)
from durable_streaming.gateway.positions import find_run
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import canonical
from durable_streaming.schemas.events import CancelRequestedData
from durable_streaming.schemas.fields import Offset, WireModel
from durable_streaming.schemas.records import RunRequest

router = APIRouter(prefix="/v1", tags=["commands"])


class CancelBody(WireModel):
    """Why a run should stop, and what whoever asks had seen of it."""

    reason: str | None = None
    seen_offset: Offset | None = None


class RequestBody(WireModel):
    """A wish for a run."""

    agent: Annotated[str, Field(min_length=1, max_length=256)]
    input: Any


@router.post(
    "/runs/{run_id}/cancel",
    status_code=202,
    responses={
        **answer(Accepted, "The log has the wish.", 202),
        **refusals(400, 401, 403, 404, 409, 429, 503),
    },
    openapi_extra=body_of(CancelBody),
)
async def cancel(
    run_id: RunId, log: TheLog, engine: TheEngine, principal: ThePrincipal, request: Request
) -> Response:
    """Ask a run to stop; its agent decides when it does."""
    body = await read_body(request, CancelBody)
    run = await find_run(log, run_id, principal)
    if run.summary is not None and run.summary.status != "running":
        raise Refusal("run-ended", f"the run has ended ({run.summary.status}): nothing to cancel")
    data = CancelRequestedData(
        requested_by=principal.subject, reason=body.reason, seen_offset=body.seen_offset
    )
    await engine.cancelling.ask(log.tokens.epoch, run_id, data)
    return _accepted(run_id)


@router.post(
    "/requests",
    status_code=202,
    responses={
        **answer(Accepted, "The log has the wish.", 202),
        **refusals(400, 401, 403, 429, 503),
    },
    openapi_extra=body_of(RequestBody),
)
async def request_run(
    log: TheLog, engine: TheEngine, principal: ThePrincipal, request: Request
) -> Response:
    """Wish for a run; an agent that serves under that name starts it."""
    body = await read_body(request, RequestBody)
    if not await serving(log.admin, body.agent):
        raise Refusal("no-agent", "nobody serves under this agent's name: start one, or try later")
    run_id = f"run_{uuid4().hex}"
    wish = RunRequest(
        run_id=run_id,
        agent=body.agent,
        input=body.input,
        requested_by=principal.subject,
        time=rfc3339(time.time_ns() // 1_000_000),
    )
    # `input` may be null, which is a value; a null `requested_by` is none.
    value = {name: given for name, given in wish if name == "input" or given is not None}
    topic = engine.settings.kafka.topics.requests
    await engine.appender.append(Append(topic, run_id.encode(), canonical(value)))
    return _accepted(run_id)


def _accepted(run_id: str) -> Response:
    return Response(canonical({"run_id": run_id}), 202, media_type="application/json")
