"""The application: routers, what stands before them, and how refusals are said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from durable_streaming.eventlog import Log
from durable_streaming.gateway import websocket
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.guard import Guard
from durable_streaming.gateway.http import ROUTERS
from durable_streaming.gateway.http.dependencies import engine_of
from durable_streaming.gateway.openapi import describe
from durable_streaming.gateway.refusals import Refusal, problem
from durable_streaming.gateway.settings import GatewaySettings


def create_app(
    settings: GatewaySettings | None = None, *, log: Log | None = None, engine: Engine | None = None
) -> FastAPI:
    """Make the gateway's application; its lifespan follows the log.

    Args:
        settings: read from the environment when absent.
        log: another log than the Kafka of the settings.
        engine: one that the caller wants to keep a hand on.
    """
    engine = engine or Engine(settings or GatewaySettings(), log)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        try:
            yield
        finally:
            await engine.stop()

    app = FastAPI(
        title="Durable Streaming gateway",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.engine = engine
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(websocket.router)
    app.add_middleware(Guard, engine=engine)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(StoreDamagedError, _damaged)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)
    authenticated = engine.settings.auth != "none"
    app.openapi = lambda: describe(app, authenticated=authenticated)  # type: ignore[method-assign]
    return app


async def _refused(connection: HTTPConnection, error: Exception) -> Response:
    refusal = error if isinstance(error, Refusal) else Refusal("bad-request", str(error))
    engine_of(connection).metrics.refusals.labels(code=refusal.slug).inc()
    response = refusal.response()
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(response)
    return response


async def _damaged(connection: HTTPConnection, error: Exception) -> Response:
    engine_of(connection).report(error)
    return await _refused(
        connection, Refusal("not-ready", "the store is being rebuilt from the log: try again")
    )


async def _http_error(_: HTTPConnection, error: Exception) -> Response:
    # What the framework itself refuses: unknown routes, methods, media types.
    status, detail, headers = 500, str(error), None
    if isinstance(error, HTTPException):
        status, detail = error.status_code, str(error.detail)
        headers = None if error.headers is None else dict(error.headers)
    title = {404: "Not found", 405: "Method not allowed", 406: "Not acceptable"}.get(
        status, "The request failed"
    )
    return problem(status, title.lower().replace(" ", "-"), title, detail, headers)


async def _invalid(connection: HTTPConnection, error: Exception) -> Response:
    fields: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    places = ", ".join(".".join(str(part) for part in field["loc"]) for field in fields)
    return await _refused(connection, Refusal("bad-request", f"malformed: {places}"))


async def _failed(_: HTTPConnection, error: Exception) -> Response:
    return problem(
        500, "internal-error", "Internal error", "this is a defect: the log of the gateway has more"
    )
