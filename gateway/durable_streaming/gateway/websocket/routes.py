"""The two WebSocket endpoints: handshake, then the socket is handed over."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.http.dependencies import engine_of
from durable_streaming.gateway.parameters import Query, read_run_id
from durable_streaming.gateway.refusals import Refusal, problem
from durable_streaming.gateway.websocket.asgi import AsgiSocket
from durable_streaming.gateway.websocket.protocol import EXTENSION
from durable_streaming.gateway.websocket.session import AdoptableSocket, First, Session
from durable_streaming.schemas.frames import SUBPROTOCOL

router = APIRouter()


@router.websocket("/v1/ws")
async def many_runs(websocket: WebSocket) -> None:
    """Carry subscriptions to many runs."""
    await _serve(websocket, None)


@router.websocket("/v1/runs/{run_id}/ws")
async def one_run(websocket: WebSocket, run_id: str) -> None:
    """Carry one run; the position is in the address, the subscription begins by itself."""
    try:
        first = First(
            read_run_id(run_id), Query(websocket.scope["query_string"]).wanted(with_origin=True)
        )
    except Refusal as refusal:
        first = First(run_id, refusal)
    await _serve(websocket, first)


@router.websocket("/{path:path}")
async def nowhere(websocket: WebSocket, path: str) -> None:
    """Refuse a handshake at any other path as HTTP does."""
    await websocket.send_denial_response(
        problem(404, "not-found", "Not found", "WebSockets are at /v1/ws and /v1/runs/{run_id}/ws")
    )


async def _serve(websocket: WebSocket, first: First | None) -> None:
    engine = engine_of(websocket)
    log = engine.current
    offered = websocket.scope["subprotocols"]
    refused: Refusal | None = None
    principal: Principal | None = None
    try:
        principal = engine.authenticator.of_handshake(websocket.headers, offered)
    except Refusal as refusal:
        # Said on the socket: a page can't see how a handshake was refused.
        refused = refusal
    socket: AdoptableSocket | None = websocket.scope.get("extensions", {}).get(EXTENSION)
    if socket is None:
        socket = AsgiSocket(websocket)
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    session = Session(engine, log, socket, principal, None if first is None else first.run_id)
    socket.adopt(session)
    if refused is not None:
        session.refuse(refused)
    elif first is not None:
        session.begin(first)
    await socket.run()
