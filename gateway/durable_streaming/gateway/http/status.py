"""How the pipeline stands: topics, positions, viewers, agents."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from durable_streaming.gateway.agents import all_serving
from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.http.answers import Status, answer
from durable_streaming.gateway.http.dependencies import TheLog, ThePrincipal, refusals
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.schemas import canonical

router = APIRouter(prefix="/v1", tags=["status"])

_NEWEST_RUNS = 500


@router.get(
    "/status",
    responses={**answer(Status, "The pipeline now."), **refusals(401, 403, 429, 503)},
)
async def status(log: TheLog, principal: ThePrincipal) -> Response:
    """Say how far log, gateway and processors are, and who is there."""
    view, agents = await asyncio.gather(log.broker.look(), _agents(log, principal))
    body = {
        "topics": view.topics,
        "partitions": [
            {
                "partition": partition,
                "low": low,
                "high": high,
                "gateway": log.next_offset(partition),
                "processors": view.processed.get(partition),
            }
            for partition, (low, high) in sorted(view.marks.items())
        ],
        "subscribers": log.hub.subscribers,
        "watchers": len(log.watchers),
        "agents": agents,
    }
    return Response(canonical(body), media_type="application/json")


async def _agents(log: Incarnation, principal: Principal) -> list[dict[str, str | int]]:
    members = await all_serving(log.admin)
    if members and principal.grants is not None:
        # Whoever may see some runs only learns of the agents of those.
        page = await asyncio.to_thread(
            log.index.page,
            limit=_NEWEST_RUNS,
            cursor=None,
            wanted=lambda run_id, summary: principal.may_see(run_id, summary.tags),
        )
        seen = {run.summary.agent for run in page.runs}
        members = {name: count for name, count in members.items() if name in seen}
    return [{"agent": name, "members": count} for name, count in sorted(members.items())]
