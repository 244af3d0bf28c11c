"""SDK objects go through the same code as recorded chunks."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from durable_streaming.producers.adapters import ADAPTERS, adapter_for

from .replay import fixture, replay


class Sdk(BaseModel):
    """An SDK's object: built without validation, members in its own spelling."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)


class Legacy:
    """An object of an SDK without pydantic."""

    def __init__(self, chunk: dict[str, Any]) -> None:
        self._chunk = chunk

    def to_dict(self) -> dict[str, Any]:
        return self._chunk


@pytest.mark.parametrize("api", sorted(ADAPTERS))
def test_objects_give_the_same_facts_as_their_json(api: str) -> None:
    chunks = fixture(api)
    recorded = replay(chunks)
    assert replay(map(Sdk.model_validate, chunks)) == recorded
    assert replay(map(Legacy, chunks)) == recorded


def test_what_was_not_sent_is_not_told() -> None:
    class Usage(Sdk):
        total: int
        details: int | None = None

    class Response(Sdk):
        choices: list[Any]
        usage: Usage

    adapter = adapter_for("openai-chat")
    adapter.feed(Response.model_validate({"choices": [], "usage": {"total": 3}}))
    assert adapter.finish()[-1].data == {"usage": {"total": 3}}


def test_the_wire_spelling_is_read() -> None:
    class Response(Sdk):
        model_version: str
        candidates: list[Any]

    adapter = adapter_for("gemini")
    # As SDKs do: an object that is not as declared, which is no reason to warn.
    members: dict[str, Any] = {"model_version": "m", "candidates": {"not": "a list"}}
    response = Response.model_construct(**members)
    assert adapter.feed(response) == []
    assert adapter.model == "m"
