"""Replay over HTTP: pages of a run's stored events, line by line, or live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.frames import entries
from durable_streaming.gateway.http.answers import (
    EventEntry,
    EventPage,
    lines_of,
    of,
    one_of_stream,
)
from durable_streaming.gateway.http.dependencies import (
    RunId,
    TheEngine,
    TheLog,
    ThePrincipal,
    TheQuery,
    parameter,
    refusals,
)
from durable_streaming.gateway.http.negotiation import choose
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.gateway.parameters import Wanted, last_event_id
from durable_streaming.gateway.positions import Located, locate
from durable_streaming.gateway.sse import EventStream
from durable_streaming.schemas import canonical

router = APIRouter(prefix="/v1/runs", tags=["events"])

JSON = "application/json"
NDJSON = "application/x-ndjson"
SSE = "text/event-stream"

_DEFAULT_LIMIT = 1_000
_MAX_LIMIT = 5_000
# A page of 5,000 events of 1 MB each must not be built in memory: it ends early instead.
_MAX_PAGE_BYTES = 8 * 1024 * 1024
_LINES_A_READ = 500
_BYTES_A_READ = 1024 * 1024
_PARAMETERS = [
    parameter("after", "Go on from this resume token.", maxLength=128),
    parameter("from_offset", "Begin at this offset.", type="integer", minimum=0, maximum=2**63 - 1),
    parameter(
        "limit",
        "How many, 1 to 5,000; when absent 1,000, and as NDJSON all. None for a live stream.",
        type="integer",
        minimum=1,
        maximum=_MAX_LIMIT,
    ),
]


@router.get(
    "/{run_id}/events",
    responses={
        200: {
            "content": {
                JSON: of(EventPage),
                NDJSON: lines_of(EventEntry),
                SSE: one_of_stream(),
            },
            "description": "Events in order of offset.",
        },
        204: {"description": "As a stream only: the run is over, and nothing more will come."},
        **refusals(400, 401, 403, 404, 406, 409, 410, 416, 429, 503),
    },
    openapi_extra={"parameters": _PARAMETERS},
)
async def get_events(
    run_id: RunId,
    log: TheLog,
    query: TheQuery,
    engine: TheEngine,
    principal: ThePrincipal,
    request: Request,
) -> Response:
    """Return a run's events from a position on; no position is the start."""
    media_type = choose(request.headers.get("accept"), (JSON, NDJSON, SSE))
    wanted = query.wanted()
    limit = query.optional_limit(_MAX_LIMIT)
    if media_type == SSE:
        wanted = last_event_id(request.headers.getlist("last-event-id")) or wanted
        return await _stream(log, run_id, wanted, engine, principal)
    located = await locate(log, run_id, wanted, principal, fresh=True)
    if media_type == NDJSON:
        return StreamingResponse(_lines(log, located, limit), media_type=NDJSON)
    return await _page(log, located, limit or _DEFAULT_LIMIT)


async def _stream(
    log: Incarnation, run_id: str, wanted: Wanted, engine: Engine, principal: Principal
) -> Response:
    located = await locate(log, run_id, wanted, principal)
    if located.is_closed(located.cursor):
        # What ends a browser's reconnecting must be true of the log, not only of what came here.
        located = await locate(log, run_id, wanted, principal, fresh=True)
        if located.is_closed(located.cursor):
            return Response(status_code=204)
    return EventStream(engine, log, located, principal)


async def _page(log: Incarnation, located: Located, limit: int) -> Response:
    run = located.run
    partition = run.row.partition
    found = await asyncio.to_thread(
        log.events.read,
        run.run_id,
        located.cursor,
        limit=limit,
        max_bytes=_MAX_PAGE_BYTES,
        end=located.head,
    )
    next_offset = located.cursor if found is None else found.next_offset
    caught_up = next_offset >= located.head
    closed = located.is_closed(next_offset)
    body = b'{"caught_up":%b,"closed":%b,"events":[%b],"token":%b}' % (
        canonical(caught_up),
        canonical(closed),
        b"" if found is None else b",".join(entries(found)),
        canonical(log.tokens.at(partition, next_offset)),
    )
    return Response(body, media_type=JSON)


async def _lines(log: Incarnation, located: Located, limit: int | None) -> AsyncIterator[bytes]:
    """Yield one entry a line up to where the run stood at the request."""
    run_id, row = located.run.run_id, located.run.row
    cursor, left = located.cursor, limit
    while cursor < located.head and left != 0:
        low = log.watch.low(row.partition)
        if cursor < low and row.is_truncated(low):
            yield _expired_line(log, row.partition, cursor)
            return
        found = await asyncio.to_thread(
            log.events.read,
            run_id,
            cursor,
            limit=_LINES_A_READ if left is None else min(left, _LINES_A_READ),
            max_bytes=_BYTES_A_READ,
            end=located.head,
        )
        if found is None:
            return
        yield b"".join(entry + b"\n" for entry in entries(found))
        cursor = found.next_offset
        left = None if left is None else left - found.frames


def _expired_line(log: Incarnation, partition: int, cursor: int) -> bytes:
    # The status line is long gone: a stream that ends early must say so in the data.
    line = {
        "type": "error",
        "code": "offset-expired",
        "message": "retention has removed events that were not delivered yet",
        "token": log.tokens.at(partition, cursor),
    }
    return canonical(line) + b"\n"
