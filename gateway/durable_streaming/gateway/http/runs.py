"""The run list, and one run's state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.http.answers import RunList, RunState, answer
from durable_streaming.gateway.http.dependencies import (
    RunId,
    TheLog,
    ThePrincipal,
    TheQuery,
    parameter,
    refusals,
)
from durable_streaming.gateway.listing import list_entry
from durable_streaming.gateway.parameters import RUN_STATUSES, VERDICTS, Query
from durable_streaming.gateway.positions import find_run
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.state import read_state
from durable_streaming.gateway.store import Summary
from durable_streaming.schemas import canonical

router = APIRouter(prefix="/v1/runs", tags=["runs"])

_DEFAULT_LIMIT = 100
_MAX_LIMIT = 500
_LIST_PARAMETERS = [
    parameter("status", "Only runs of this status.", enum=list(RUN_STATUSES)),
    parameter("agent", "Only runs of this agent."),
    parameter("verdict", "Only runs of this verdict.", enum=list(VERDICTS)),
    parameter("thread_id", "Only runs of this thread."),
    parameter("parent_run_id", "Only runs started by this run."),
    parameter("tag", "Only runs with this tag.", pattern="^[^=]+=.*$"),
    parameter(
        "limit",
        "How many, 1 to 500; 100 when absent.",
        type="integer",
        minimum=1,
        maximum=_MAX_LIMIT,
    ),
    parameter("cursor", "The `next_cursor` of the page before."),
]


@router.get(
    "",
    responses={**answer(RunList, "A page of the list."), **refusals(400, 401, 403, 429, 503)},
    openapi_extra={"parameters": _LIST_PARAMETERS},
)
async def list_runs(log: TheLog, query: TheQuery, principal: ThePrincipal) -> Response:
    """List runs, the newest first by the broker's time of their first record."""
    limit = query.limit(_DEFAULT_LIMIT, _MAX_LIMIT)
    cursor = query.text("cursor")
    wanted = _filter(query, principal)
    try:
        page = await asyncio.to_thread(log.index.page, limit=limit, cursor=cursor, wanted=wanted)
    except ValueError:
        raise Refusal(
            "bad-request", "cursor: pass the next_cursor of a page exactly as it was handed out"
        ) from None
    runs = [list_entry(log.tokens, run) for run in page.runs]
    return _json({"runs": runs, "next_cursor": page.next_cursor})


@router.get(
    "/{run_id}",
    responses={
        **answer(RunState, "The run as it stands."),
        **refusals(400, 401, 403, 404, 429, 503),
    },
)
async def get_run(run_id: RunId, log: TheLog, principal: ThePrincipal) -> Response:
    """Return a run's state and its position: subscribe after it without gap or repeat."""
    return _json(await read_state(log, await find_run(log, run_id, principal)))


def _filter(query: Query, principal: Principal) -> Callable[[str, Summary], bool]:
    fields = {
        "status": query.choice("status", RUN_STATUSES),
        "agent": query.text("agent"),
        "verdict": query.choice("verdict", VERDICTS),
        "thread_id": query.text("thread_id"),
        "parent_run_id": query.text("parent_run_id"),
    }
    given = [(name, value) for name, value in fields.items() if value is not None]
    tag = query.text("tag")
    name, equals, tag_value = (tag or "").partition("=")
    if tag is not None and not (name and equals):
        raise Refusal("bad-request", "tag must be name=value")

    def wanted(run_id: str, summary: Summary) -> bool:
        if not principal.may_see(run_id, summary.tags):
            return False
        if any(getattr(summary, field) != value for field, value in given):
            return False
        return tag is None or summary.tags.get(name) == tag_value

    return wanted


def _json(value: Any) -> Response:
    return Response(canonical(value), media_type="application/json")
