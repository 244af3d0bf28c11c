"""The output items of the Responses API that are tool calls: what was called, what came back."""

import json
from typing import Any, Final, NamedTuple

from durable_streaming.producers.adapters.chunks import Chunk, mapping, mappings, text, word
from durable_streaming.producers.adapters.limits import parsed
from durable_streaming.producers.adapters.sources import Sources
from durable_streaming.producers.facts import Fact

_RUN_BY_PROVIDER: Final = frozenset(
    {
        "code_interpreter_call",
        "file_search_call",
        "image_generation_call",
        "mcp_call",
        "web_search_call",
    }
)
"""Calls that are over when their item is, even where the item carries no result."""


class ItemCall(NamedTuple):
    """A tool call as an item describes it."""

    name: str
    call_id: str
    arguments: Any


class ItemResult(NamedTuple):
    """What a call gave; with an error it failed."""

    output: Any
    error: str | None


def is_call(item: Chunk) -> bool:
    """Say whether the item is a call of a tool, the provider's own tools included."""
    return text(item.get("type")).endswith("_call")


def call_of(item: Chunk) -> ItemCall:
    """Read name, id and arguments of a call."""
    kind = text(item.get("type"))
    name = text(item.get("name")) or kind.removesuffix("_call")
    # A `call_id` is what the tool's result will refer to; some providers leave it empty.
    call_id = text(item.get("call_id")) or text(item.get("id"))
    return ItemCall(name, call_id, _arguments(kind, item))


def _arguments(kind: str, item: Chunk) -> Any:
    if kind == "custom_tool_call":
        return text(item.get("input"))
    if arguments := item.get("arguments"):
        return parsed(arguments)
    if kind == "web_search_call":
        action = mapping(item.get("action"))
        return {name: value for name, value in action.items() if name != "sources"}
    for name in ("action", "operation"):
        if isinstance(item.get(name), dict):
            return item[name]
    given = {name: item[name] for name in ("queries", "code", "revised_prompt") if item.get(name)}
    return given or ("" if "arguments" in item else {})


def result_of(item: Chunk) -> ItemResult | None:
    """Read what a finished call gave; None where the result is not the provider's to give."""
    kind = text(item.get("type"))
    error = item.get("error")
    if error:
        return ItemResult(None, _error_text(error))
    if (status := text(item.get("status"))) in ("failed", "incomplete"):
        return ItemResult(None, status)
    for name in ("output", "outputs", "results", "result"):
        if item.get(name) is not None:
            return ItemResult(item[name], None)
    if kind not in _RUN_BY_PROVIDER:
        return None
    found = mapping(item.get("action")).get("sources")
    return ItemResult({"sources": found} if found else {"status": status or "completed"}, None)


def _error_text(error: object) -> str:
    if isinstance(error, str):
        return error
    message = text(mapping(error).get("message"))
    return message or json.dumps(error, ensure_ascii=False, default=str)


def sources_of(item: Chunk, sources: Sources) -> list[Fact]:
    """Tell what a search found and which pages were opened."""
    facts: list[Fact] = []
    action = mapping(item.get("action"))
    for found in mappings(action.get("sources")):
        facts += sources.url(text(found.get("url")), title=text(found.get("title")))
    if text(item.get("type")) == "web_search_call":
        facts += sources.url(text(action.get("url")))
    if text(item.get("type")) == "file_search_call":
        for found in mappings(item.get("results")):
            facts += sources.document(
                text(found.get("file_id")),
                title=text(found.get("filename")),
                snippet=text(found.get("text")),
            )
    return facts


def approval_detail(item: Chunk) -> str:
    """Say in one line what waits for a yes."""
    server = text(item.get("server_label"))
    where = f" of {server}" if server else ""
    return f"{word(item.get('name'))}{where}: {text(item.get('arguments'))}"
