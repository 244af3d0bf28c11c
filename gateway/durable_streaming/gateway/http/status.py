"""How the pipeline stands: topics, positions, viewers, agents."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from durable_streaming.gateway.agents import serving
from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.http.dependencies import TheLog, ThePrincipal, refusals
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.schemas import canonical

router = APIRouter(prefix="/v1", tags=["status"])

# Agents are looked for among the newest runs: the broker is asked for each.
_NEWEST_RUNS = 500
_MAX_AGENTS = 20


@router.get("/status", responses=refusals(401, 403, 429, 503))
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
    page = await asyncio.to_thread(
        log.index.page,
        limit=_NEWEST_RUNS,
        cursor=None,
        wanted=lambda run_id, summary: principal.may_see(run_id, summary.tags),
    )
    names = list(dict.fromkeys(run.summary.agent for run in page.runs if run.summary.agent))
    asked = names[:_MAX_AGENTS]
    members = await asyncio.gather(*(serving(log.admin, name) for name in asked))
    return [
        {"agent": name, "members": count}
        for name, count in zip(asked, members, strict=True)
        if count
    ]
