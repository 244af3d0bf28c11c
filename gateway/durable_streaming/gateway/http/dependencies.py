"""What every route of the API is given."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.guard import PRINCIPAL
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.gateway.parameters import Query, read_run_id
from durable_streaming.schemas import RUN_ID_PATTERN

# Described only: the path is judged percent-encoded, by `read_run_id`.
_RUN_ID = Path(json_schema_extra={"pattern": f"^{RUN_ID_PATTERN}$"})


def engine_of(connection: HTTPConnection) -> Engine:
    """Return the engine that the application was made with."""
    engine: Engine = connection.app.state.engine
    return engine


def _current(connection: HTTPConnection) -> Incarnation:
    return engine_of(connection).current


def _principal(connection: HTTPConnection) -> Principal:
    principal: Principal = connection.scope[PRINCIPAL]
    return principal


def _query(connection: HTTPConnection) -> Query:
    return Query(connection.scope["query_string"])


def _run_id(run_id: Annotated[str, _RUN_ID]) -> str:
    return read_run_id(run_id)


TheEngine = Annotated[Engine, Depends(engine_of)]
TheLog = Annotated[Incarnation, Depends(_current)]
ThePrincipal = Annotated[Principal, Depends(_principal)]
TheQuery = Annotated[Query, Depends(_query)]
RunId = Annotated[str, Depends(_run_id)]


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Describe a query parameter in the OpenAPI document; `Query` is what reads it."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": 256, **schema},
    }


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe which problems a route answers with in the OpenAPI document."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "A problem document (RFC 9457).", "content": problem}
        for status in statuses
    }
