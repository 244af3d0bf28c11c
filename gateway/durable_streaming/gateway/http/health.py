"""Whether the process lives, whether it serves, its numbers, and its frames described."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from durable_streaming.gateway.asyncapi import document as asyncapi_document
from durable_streaming.gateway.http.answers import Alive, answer
from durable_streaming.gateway.http.dependencies import TheEngine, refusals
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import canonical

router = APIRouter(tags=["health"])

_METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"


@router.get("/livez", responses=answer(Alive, "The loop turns."))
async def livez() -> Response:
    """Say that the loop turns."""
    return _ok()


@router.get("/readyz", responses={**answer(Alive, "Requests are served."), **refusals(503)})
async def readyz(engine: TheEngine) -> Response:
    """Say whether requests are served; the detail names what is missing."""
    why = "the gateway is stopping" if engine.draining else engine.why_not_ready
    if why is not None:
        raise Refusal("not-ready", f"{why}: try again")
    return _ok()


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus' text format."}},
)
async def metrics(engine: TheEngine) -> Response:
    """Return the metrics in Prometheus' text format."""
    return Response(engine.metrics.render(), media_type=_METRICS_TYPE)


@router.get("/asyncapi.json")
async def asyncapi() -> Response:
    """Return the AsyncAPI document: the WebSocket, described."""
    return Response(canonical(asyncapi_document()), media_type="application/json")


def _ok() -> Response:
    return Response(canonical({"status": "ok"}), media_type="application/json")
