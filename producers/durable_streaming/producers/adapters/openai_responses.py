"""OpenAI's Responses API, and the providers that speak it."""

from collections.abc import Iterator
from typing import Any, Final

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, index, mapping, mappings, text
from durable_streaming.producers.adapters.outcome import (
    Outcome,
    cancelled,
    claimed,
    completed,
    failed,
    incomplete,
)
from durable_streaming.producers.adapters.responses_items import (
    approval_detail,
    call_of,
    is_call,
    result_of,
    sources_of,
)
from durable_streaming.producers.facts import Fact

# Each says that the arguments of a call are complete, and in which member of its item they go;
# the call is told then, while the tool still runs.
_ARGUMENTS_DONE: Final = {
    "response.function_call_arguments.done": "arguments",
    "response.mcp_call_arguments.done": "arguments",
    "response.code_interpreter_call_code.done": "code",
    "response.custom_tool_call_input.done": "input",
}
_REASONING: Final = {
    "response.reasoning_summary_text.delta": "summary_index",
    "response.reasoning_text.delta": "content_index",
}
_ENDS: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)


_Place = tuple[int, int]
"""Number of the response in the stream, index of the item in it."""


class OpenAIResponses(Adapter):
    """Reads a Responses stream; the last response's final object is the claimed answer."""

    api = "openai-responses"

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[_Place, Chunk] = {}
        self._done: set[_Place] = set()
        self._first_part = 0
        self._refusal = ""

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        kind = text(chunk.get("type"))
        response = mapping(chunk.get("response"))
        self._name_model(response.get("model"))
        if kind == "response.created":
            self._next_response()
        at = self._response, index(chunk.get("output_index")) or 0
        part = (*at, index(chunk.get("content_index")) or 0)
        if kind == "response.output_text.delta":
            yield from self._text.append(part, text(chunk.get("delta")))
        elif kind == "response.content_part.added":
            yield from self._open_part(part, mapping(chunk.get("part")))
        elif kind == "response.output_text.annotation.added":
            yield from self._cite(part, mapping(chunk.get("annotation")))
        elif kind == "response.output_text.done" and isinstance(chunk.get("text"), str):
            self._text.settle(part, len(chunk["text"]))
        elif kind in _REASONING:
            member = _REASONING[kind]
            thought = (*at, member, index(chunk.get(member)) or 0)
            yield from self._reasoning.append(thought, text(chunk.get("delta")))
        elif kind == "response.refusal.delta":
            self._refusal += text(chunk.get("delta"))
        elif kind == "response.output_item.added":
            self._open_item(at, mapping(chunk.get("item")))
        elif kind in _ARGUMENTS_DONE:
            member = _ARGUMENTS_DONE[kind]
            yield from self._call(at, {**self._items.get(at, {}), member: chunk.get(member)})
        elif kind == "response.output_item.done":
            yield from self._close_item(at, mapping(chunk.get("item")))
        elif kind == "error":
            self._outcome = failed(mapping(chunk.get("error")) or {**chunk, "type": None})
        elif kind in _ENDS:
            yield from self._end(kind, response)

    def _next_response(self) -> None:
        super()._next_response()
        self._first_part = len(self._text)
        self._refusal = ""

    def _open_part(self, part: tuple[int, int, int], content: Chunk) -> Iterator[Fact]:
        if text(content.get("type")) == "output_text":
            self._text.number(part)
            yield from self._text.append(part, text(content.get("text")))

    def _open_item(self, at: _Place, item: Chunk) -> None:
        self._items[at] = item
        if is_call(item):
            self._calls.open(at)

    def _call(self, at: _Place, item: Chunk) -> list[Fact]:
        if not is_call(item):
            return []
        return self._calls.called(at, *call_of(item))

    def _close_item(self, at: _Place, item: Chunk) -> Iterator[Fact]:
        if at in self._done:
            return
        self._done.add(at)
        kind = text(item.get("type"))
        if is_call(item):
            yield from self._call(at, item)
            yield from self._return(self._calls.id_of(at) or "", item)
            yield from sources_of(item, self._sources)
        elif kind.endswith("_call_output"):
            yield from self._return(text(item.get("call_id")), item)
        elif kind == "mcp_approval_request":
            yield Fact("run.waiting", {"for": "approval", "detail": approval_detail(item)})
        elif kind == "message":
            for number, content in enumerate(mappings(item.get("content"))):
                for annotation in mappings(content.get("annotations")):
                    yield from self._cite((*at, number), annotation)

    def _return(self, call_id: str, item: Chunk) -> list[Fact]:
        result = result_of(item)
        if result is None:
            return []
        if result.error is not None:
            return self._calls.failed(call_id, result.error)
        return self._calls.returned(call_id, result.output)

    def _cite(self, part: tuple[int, int, int], annotation: Chunk) -> list[Fact]:
        start, end = index(annotation.get("start_index")), index(annotation.get("end_index"))
        cited = self._text.cited(part, start, end, first=self._first_part)
        if text(annotation.get("type")) == "url_citation":
            title = text(annotation.get("title"))
            return self._sources.url(text(annotation.get("url")), title=title, cited=cited)
        title = text(annotation.get("filename"))
        return self._sources.document(text(annotation.get("file_id")), title=title, cited=cited)

    def _end(self, kind: str, response: Chunk) -> Iterator[Fact]:
        self._count(mapping(response.get("usage")))
        output = mappings(response.get("output"))
        for at, item in enumerate(output):
            # A call whose own events were lost is still a call.
            if is_call(item) and not self._calls.knows(call_of(item).call_id):
                yield from self._close_item((self._response, at), item)
        self._refusal = self._refusal or _refusal_in(output)
        is_whole = kind == "response.completed" and not self._refusal
        self._outcome = self._judge_end(kind, response, self._claim(output, is_whole))

    def _judge_end(self, kind: str, response: Chunk, answer: dict[str, Any] | None) -> Outcome:
        if kind == "response.failed":
            return failed(mapping(response.get("error")), answer)
        if kind == "response.cancelled":
            return cancelled(answer)
        if kind == "response.incomplete":
            reason = text(mapping(response.get("incomplete_details")).get("reason"))
            return incomplete(reason or "incomplete", answer)
        if self._refusal:
            return incomplete(f"refusal: {self._refusal}", answer)
        return completed(answer)

    def _claim(self, output: list[Chunk], is_whole: bool) -> dict[str, Any] | None:
        """Claim the text of the final object, where it carries one.

        Some providers leave `output` empty there, which says nothing of the text; a response
        that is whole and whose items are no text claims the empty text.
        """
        final = {
            (self._response, at, number): text(content.get("text"))
            for at, item in enumerate(output)
            if text(item.get("type")) == "message"
            for number, content in enumerate(mappings(item.get("content")))
            if text(content.get("type")) == "output_text"
        }
        if not final and not (output and is_whole):
            return None
        answer = "".join(final.values())
        streamed = range(self._first_part, len(self._text))
        if len(final) != len(streamed):
            return claimed(answer, [self._text.number(key) for key in final])
        # Item positions may differ between the deltas and the final object; the order can't.
        return claimed(answer, streamed if self._first_part else None)


def _refusal_in(output: list[Chunk]) -> str:
    return "".join(
        text(content.get("refusal")) for item in output for content in mappings(item.get("content"))
    )
