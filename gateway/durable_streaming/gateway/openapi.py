"""The OpenAPI document: what FastAPI derives, with refusals as they really are."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from durable_streaming.gateway.http.answers import definitions

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `type` ends in the slug, `detail` names the remedy.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "token": {
            "type": "string",
            "description": "The position to go on from, where there is one.",
        },
    },
}


def describe(app: FastAPI, *, authenticated: bool) -> dict[str, Any]:
    """Return the document; made once.

    Args:
        app: its routes are described.
        authenticated: requests to the API must carry a token.
    """
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                if authenticated and path.startswith("/v1/"):
                    operation["security"] = [{"bearer": []}]
                # Malformed parameters are 400 here, not the framework's 422.
                operation["responses"].pop("422", None)
        components = document.setdefault("components", {})
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        schemas = components.setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas |= definitions()
        schemas["Problem"] = _PROBLEM
        app.openapi_schema = document
    return app.openapi_schema
