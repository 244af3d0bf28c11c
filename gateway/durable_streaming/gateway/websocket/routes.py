"""The two WebSocket endpoints: handshake, then the socket is handed over."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from durable_streaming.gateway.http.dependencies import engine_of
from durable_streaming.gateway.parameters import Query, read_run_id
from durable_streaming.gateway.refusals import Refusal, problem
from durable_streaming.gateway.websocket.asgi import AsgiSocket
from durable_streaming.gateway.websocket.protocol import EXTENSION
from durable_streaming.gateway.websocket.session import AdoptableSocket, Session
from durable_streaming.schemas.frames import SUBPROTOCOL

router = APIRouter()


@router.websocket("/v1/ws")
async def many_runs(websocket: WebSocket) -> None:
    """Carry subscriptions to many runs."""
    _, socket = await _open(websocket, None)
    await socket.run()


@router.websocket("/v1/runs/{run_id}/ws")
async def one_run(websocket: WebSocket, run_id: str) -> None:
    """Carry one run; the position is in the address, the subscription begins by itself."""
    session, socket = await _open(websocket, run_id)
    try:
        checked = read_run_id(run_id)
        wanted = Query(websocket.scope["query_string"]).wanted(with_origin=True)
    except Refusal as refusal:
        session.refuse(refusal)
    else:
        session.begin(checked, wanted)
    await socket.run()


@router.websocket("/{path:path}")
async def nowhere(websocket: WebSocket, path: str) -> None:
    """Refuse a handshake at any other path as HTTP does."""
    await websocket.send_denial_response(
        problem(404, "not-found", "Not found", "WebSockets are at /v1/ws and /v1/runs/{run_id}/ws")
    )


async def _open(websocket: WebSocket, only: str | None) -> tuple[Session, AdoptableSocket]:
    engine = engine_of(websocket)
    log = engine.current
    socket: AdoptableSocket | None = websocket.scope.get("extensions", {}).get(EXTENSION)
    if socket is None:
        socket = AsgiSocket(websocket)
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    session = Session(engine, log, socket, only)
    socket.adopt(session)
    return session, socket
