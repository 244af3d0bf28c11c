"""pydantic-ai's `Agent.run_stream_events`: several model responses and the calls between them."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, index, mapping, text
from durable_streaming.producers.adapters.limits import parsed
from durable_streaming.producers.adapters.outcome import claimed, completed
from durable_streaming.producers.adapters.plain import plain
from durable_streaming.producers.facts import Fact

Part = tuple[int, int]
"""Number of the part in the run, its index in the model's response."""


class PydanticAI(Adapter):
    """Reads agent events; the result's text stands for the text parts of the last response."""

    api = "pydantic-ai"

    def __init__(self) -> None:
        super().__init__()
        self._begun = 0
        self._parts: dict[int, Part] = {}
        self._last_response: list[Part] = []

    def feed(self, chunk: object) -> list[Fact]:
        """Take the next event; as `Adapter.feed`."""
        result = getattr(chunk, "result", None)
        if (usage := getattr(result, "usage", None)) is not None:
            # Not a field, and so not in what the event is written as.
            self._usage = _given(plain(usage if is_dataclass(usage) else usage()))
        return super().feed(chunk)

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        at = index(chunk.get("index")) or 0
        part = mapping(chunk.get("part"))
        match text(chunk.get("event_kind")):
            case "part_start":
                yield from self._open(at, part)
            case "part_delta":
                yield from self._grow(at, mapping(chunk.get("delta")))
            case "part_end" if text(part.get("part_kind")) == "builtin-tool-call":
                yield from self._call(part)
            case "function_tool_call" | "output_tool_call":
                yield from self._call(part)
            case "function_tool_result" | "output_tool_result":
                yield from self._return(part or mapping(chunk.get("result")))
            case "agent_run_result":
                self._end(mapping(chunk.get("result")))

    def _open(self, at: int, part: Chunk) -> Iterator[Fact]:
        if at == 0:
            self._last_response = []
        # The same index again replaces the part, and a later response begins at 0 again.
        self._begun += 1
        self._parts[at] = key = (self._begun, at)
        match text(part.get("part_kind")):
            case "text":
                self._last_response.append(key)
                self._text.number(key)
                yield from self._text.append(key, text(part.get("content")))
            case "thinking":
                yield from self._reasoning.append(key, text(part.get("content")))
            case "builtin-tool-return":
                yield from self._return(part)

    def _grow(self, at: int, delta: Chunk) -> Iterator[Fact]:
        key = self._parts.get(at, (0, at))
        match text(delta.get("part_delta_kind")):
            case "text":
                yield from self._text.append(key, text(delta.get("content_delta")))
            case "thinking":
                yield from self._reasoning.append(key, text(delta.get("content_delta")))

    def _call(self, part: Chunk) -> list[Fact]:
        call_id = text(part.get("tool_call_id"))
        arguments = parsed(part.get("args"))
        return self._calls.called(call_id, text(part.get("tool_name")), call_id, arguments)

    def _return(self, part: Chunk) -> list[Fact]:
        call_id, content = text(part.get("tool_call_id")), part.get("content")
        if not self._calls.knows(call_id):
            return []
        failed = text(part.get("outcome")) in ("failed", "denied")
        if failed or text(part.get("part_kind")) == "retry-prompt":
            return self._calls.failed(call_id, content if isinstance(content, str) else "retry")
        return self._calls.returned(call_id, content)

    def _end(self, result: Chunk) -> None:
        output = result.get("output")
        if not isinstance(output, str):
            # An output of its own type is no text that was streamed.
            self._outcome = completed()
            return
        parts = [self._text.number(key) for key in self._last_response]
        every = parts == list(range(len(self._text)))
        self._outcome = completed(claimed(output, None if every else parts))


def _given(usage: Any) -> dict[str, Any]:
    # Most members are zero, for what the model doesn't do.
    return {name: value for name, value in mapping(usage).items() if value}
