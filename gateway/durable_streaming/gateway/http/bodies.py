"""Reading the body of a POST: bounded, strict JSON, exact types."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import decode
from durable_streaming.schemas.strictjson import find_fault

MAX_BODY_BYTES = 64 * 1024

Body = TypeVar("Body", bound=BaseModel)


async def read_body(request: Request, form: type[Body]) -> Body:
    """Read a body of at most 64 KiB.

    Raises:
        Refusal: it is longer, no JSON object, or not of this form.
    """
    raw = b""
    async for piece in request.stream():
        raw += piece
        if len(raw) > MAX_BODY_BYTES:
            raise Refusal("bad-request", f"a body has at most {MAX_BODY_BYTES} bytes: send less")
    return parse_body(raw, form)


def parse_body(raw: bytes, form: type[Body]) -> Body:
    """Judge a body.

    Raises:
        Refusal: it is no JSON object, or not of this form.
    """
    try:
        fault = find_fault(raw.decode())
        found = None if fault else decode(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refusal("bad-request", "the body must be one JSON object in UTF-8")
    try:
        return form.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        member = ".".join(str(part) for part in first["loc"])
        raise Refusal("bad-request", f"{member}: {first['msg']}") from None


def body_of(form: type[BaseModel]) -> dict[str, object]:
    """Describe a body in the OpenAPI document; `read_body` is what reads it."""
    schema = form.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
