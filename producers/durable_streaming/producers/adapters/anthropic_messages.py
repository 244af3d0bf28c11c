"""Anthropic's Messages API; several messages of one agent loop may follow one another."""

import json
from collections.abc import Iterator
from typing import Any, Final

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, index, mapping, mappings, text
from durable_streaming.producers.adapters.limits import parsed
from durable_streaming.producers.adapters.outcome import completed, failed, incomplete
from durable_streaming.producers.adapters.usage import latest
from durable_streaming.producers.facts import Fact

_COMPLETE: Final = frozenset({"end_turn", "tool_use", "stop_sequence"})

Block = tuple[int, int]
"""Number of the message in the stream, index of the content block in the message."""


class AnthropicMessages(Adapter):
    """Reads Messages streams; they never repeat the text, so no answer is claimed."""

    api = "anthropic-messages"

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[Block, Chunk] = {}
        self._inputs: dict[Block, list[str]] = {}
        self._citations: dict[Block, list[Chunk]] = {}
        self._message_usage: dict[str, Any] = {}

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        at = (self._response, index(chunk.get("index")) or 0)
        match text(chunk.get("type")):
            case "message_start":
                self._start(mapping(chunk.get("message")))
            case "content_block_start":
                yield from self._open(at, mapping(chunk.get("content_block")))
            case "content_block_delta":
                yield from self._grow(at, mapping(chunk.get("delta")))
            case "content_block_stop":
                yield from self._stop(at)
            case "message_delta":
                self._count(mapping(chunk.get("usage")))
                self._end(text(mapping(chunk.get("delta")).get("stop_reason")))
            case "error":
                self._outcome = failed(mapping(chunk.get("error")))

    def _start(self, message: Chunk) -> None:
        self._next_response()
        self._name_model(message.get("model"))
        self._message_usage = {}
        self._count(mapping(message.get("usage")))

    def _count(self, usage: Chunk) -> None:
        # The end of a message counts less than its beginning does.
        self._message_usage = latest(self._message_usage, usage)
        super()._count(self._message_usage)

    def _end(self, stop_reason: str) -> None:
        if stop_reason:
            is_complete = stop_reason in _COMPLETE
            self._outcome = completed() if is_complete else incomplete(stop_reason)

    def _open(self, at: Block, block: Chunk) -> Iterator[Fact]:
        kind = text(block.get("type"))
        self._blocks[at] = block
        if kind == "text":
            self._text.number(at)
            self._citations[at] = mappings(block.get("citations"))
            yield from self._text.append(at, text(block.get("text")))
        elif kind == "thinking":
            yield from self._reasoning.append(at, text(block.get("thinking")))
        elif kind.endswith("tool_use"):
            self._calls.open(at)
        elif kind.endswith("tool_result"):
            yield from self._return(block)
            yield from self._found(block)

    def _grow(self, at: Block, delta: Chunk) -> Iterator[Fact]:
        match text(delta.get("type")):
            case "text_delta":
                yield from self._text.append(at, text(delta.get("text")))
            case "thinking_delta":
                yield from self._reasoning.append(at, text(delta.get("thinking")))
            case "input_json_delta":
                self._inputs.setdefault(at, []).append(text(delta.get("partial_json")))
            case "citations_delta":
                self._citations.setdefault(at, []).append(mapping(delta.get("citation")))

    def _stop(self, at: Block) -> Iterator[Fact]:
        block = self._blocks.pop(at, {})
        if text(block.get("type")).endswith("tool_use"):
            written = "".join(self._inputs.pop(at, ()))
            arguments = parsed(written) if written else block.get("input")
            name, call_id = text(block.get("name")), text(block.get("id"))
            yield from self._calls.called(at, name, call_id, arguments)
        yield from self._cite(at)

    def _close(self) -> Iterator[Fact]:
        for at in list(self._citations):
            yield from self._cite(at)

    def _cite(self, at: Block) -> Iterator[Fact]:
        """Tell the citations of a text block: what is cited for is the whole block."""
        citations = self._citations.pop(at, [])
        cited = self._text.cited(at, 0, self._text.length(at)) if citations else []
        for citation in citations:
            title = text(citation.get("title")) or text(citation.get("document_title"))
            snippet = text(citation.get("cited_text"))
            address = text(citation.get("url")) or text(citation.get("source"))
            if address:
                yield from self._sources.url(address, title=title, snippet=snippet, cited=cited)
                continue
            number = index(citation.get("document_index"))
            identity = text(citation.get("file_id"))
            if not identity and number is not None:
                identity = f"document-{number}"
            yield from self._sources.document(identity, title=title, snippet=snippet, cited=cited)

    def _return(self, block: Chunk) -> list[Fact]:
        call_id, content = text(block.get("tool_use_id")), block.get("content")
        inner = mapping(content)
        if text(inner.get("type")).endswith("_error"):
            error = text(inner.get("error_message")) or text(inner.get("error_code"))
            return self._calls.failed(call_id, error or text(inner.get("type")))
        if block.get("is_error") is True:
            lines = [text(item.get("text")) for item in mappings(content)]
            return self._calls.failed(call_id, "\n".join(lines) or _as_text(content))
        return self._calls.returned(call_id, content)

    def _found(self, block: Chunk) -> Iterator[Fact]:
        content = block.get("content")
        for entry in [*mappings(content), mapping(content)]:
            if text(entry.get("type")) in ("web_search_result", "web_fetch_result"):
                title = text(entry.get("title"))
                yield from self._sources.url(text(entry.get("url")), title=title)


def _as_text(content: object) -> str:
    if isinstance(content, str):
        return content
    return json.dumps(content, ensure_ascii=False, default=str)
