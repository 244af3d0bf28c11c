"""Chat completions: OpenAI's own and the dialects of those who speak it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, index, mapping, mappings, text, word
from durable_streaming.producers.adapters.limits import parsed
from durable_streaming.producers.adapters.outcome import CUT, completed, failed, incomplete
from durable_streaming.producers.facts import Fact

_COMPLETE: Final = frozenset(
    {"stop", "tool_calls", "function_call", "eos", "end_turn", "stop_sequence", "tool_use"}
)


@dataclass(slots=True)
class _Call:
    key: int
    call_id: str = ""
    name: str = ""
    written: list[str] = field(default_factory=list)
    arguments: Any = None


class OpenAIChat(Adapter):
    """Reads chat completion chunks; they never repeat the text, so no answer is claimed.

    Only the first choice is followed: others are alternatives to it, not more of the answer. All
    content of a completion is one text part: no dialect separates parts.
    """

    api = "openai-chat"

    def __init__(self) -> None:
        super().__init__()
        self._open_calls: dict[int, _Call] = {}
        self._begun_calls = 0
        self._completion_id = ""
        self._refusal = ""
        self._has_failed = False

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        self._name_model(chunk.get("model"))
        choices = mappings(chunk.get("choices"))
        # Some dialects give every chunk an id of its own, so a completion must have ended, too.
        has_ended = self._outcome is not CUT and not self._has_failed
        completion_id = text(chunk.get("id")) or self._completion_id
        if choices and has_ended and completion_id != self._completion_id:
            self._next_response()
            self._refusal = ""
        self._completion_id = completion_id
        groq = mapping(chunk.get("x_groq"))
        usage = mapping(chunk.get("usage")) or mapping(groq.get("usage"))
        if usage:
            self._count(usage)
        yield from self._listed_sources(chunk)
        for choice in choices:
            if not index(choice.get("index")):
                yield from self._follow(choice)
        error = chunk.get("error") or groq.get("error")
        if error:
            detail = {"message": error} if isinstance(error, str) else mapping(error)
            self._outcome = failed(detail)
            self._has_failed = True
        elif usage and not choices and self._outcome is CUT:
            # Usage alone comes after the last choice. Some dialects give no finish_reason, so it
            # is the only sign of the end.
            yield from self._end("stop")

    def _follow(self, choice: Chunk) -> Iterator[Fact]:
        delta = mapping(choice.get("delta")) or mapping(choice.get("message"))
        yield from self._think(delta)
        yield from self._write(delta.get("content"))
        self._refusal += text(delta.get("refusal"))
        for annotation in mappings(delta.get("annotations")):
            yield from self._cite(mapping(annotation.get("url_citation")))
        for position, call in enumerate(mappings(delta.get("tool_calls"))):
            yield from self._grow_call(call, position)
        if function := mapping(delta.get("function_call")):
            yield from self._grow_call({"function": function}, 0)
        for position, executed in enumerate(mappings(delta.get("executed_tools"))):
            yield from self._execute(executed, position)
        if reason := text(choice.get("finish_reason")):
            yield from self._end(reason)

    def _end(self, reason: str) -> Iterator[Fact]:
        yield from self._flush_calls()
        if self._has_failed:
            return  # The error said more than the finish_reason that follows it.
        if reason == "error":
            self._outcome = failed({"type": reason})
        elif self._refusal:
            self._outcome = incomplete(f"refusal: {self._refusal}")
        else:
            self._outcome = completed() if reason in _COMPLETE else incomplete(reason)

    def _think(self, delta: Chunk) -> list[Fact]:
        # Where a dialect gives several of them, they are the same thoughts.
        thought = text(delta.get("reasoning")) or text(delta.get("reasoning_content"))
        if not thought:
            thought = "".join(
                text(detail.get("text")) or text(detail.get("summary"))
                for detail in mappings(delta.get("reasoning_details"))
            )
        return self._reasoning.append(self._response, thought)

    def _write(self, content: object) -> Iterator[Fact]:
        yield from self._text.append(self._response, text(content))
        for part in mappings(content):
            yield from self._text.append(self._response, text(part.get("text")))
            thinking = part.get("thinking")
            yield from self._reasoning.append(self._response, text(thinking))
            for thought in mappings(thinking):
                yield from self._reasoning.append(self._response, text(thought.get("text")))

    def _cite(self, citation: Chunk) -> list[Fact]:
        cited = self._text.cited(
            self._response, index(citation.get("start_index")), index(citation.get("end_index"))
        )
        return self._sources.url(
            text(citation.get("url")),
            title=text(citation.get("title")),
            snippet=text(citation.get("content")),
            cited=cited,
        )

    def _listed_sources(self, chunk: Chunk) -> Iterator[Fact]:
        for found in mappings(chunk.get("search_results")):
            title, snippet = text(found.get("title")), text(found.get("snippet"))
            yield from self._sources.url(text(found.get("url")), title=title, snippet=snippet)
        citations = chunk.get("citations")
        for url in citations if isinstance(citations, list) else ():
            yield from self._sources.url(text(url))

    def _grow_call(self, delta: Chunk, position: int) -> Iterator[Fact]:
        slot = index(delta.get("index"))
        slot = position if slot is None else slot
        call_id = text(delta.get("id"))
        call = self._open_calls.get(slot)
        if call is not None and call.call_id and call_id and call_id != call.call_id:
            # Some dialects give every call the same index; another id is another call.
            yield from self._flush_calls()
            call = None
        if call is None:
            call = self._open_calls[slot] = _Call(self._new_key())
            self._calls.open(call.key)
        function = mapping(delta.get("function"))
        call.call_id = call.call_id or call_id
        call.name = call.name or text(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            call.arguments = arguments
        call.written.append(text(arguments))

    def _flush_calls(self) -> Iterator[Fact]:
        for call in self._open_calls.values():
            arguments = call.arguments or parsed("".join(call.written))
            yield from self._calls.called(call.key, call.name, call.call_id, arguments)
        self._open_calls.clear()

    def _execute(self, executed: Chunk, position: int) -> Iterator[Fact]:
        """Tell a tool that the provider ran: announced at first, then again with its result."""
        slot = index(executed.get("index"))
        key = ("executed", self._response, position if slot is None else slot)
        arguments = parsed(executed.get("arguments"))
        name = text(executed.get("type")) or text(executed.get("name"))
        yield from self._calls.called(key, name, word(executed.get("id")), arguments)
        results = mappings(mapping(executed.get("search_results")).get("results"))
        output = executed.get("output")
        if output is not None:
            yield from self._calls.returned(self._calls.id_of(key) or "", output)
        for found in results:
            title, snippet = text(found.get("title")), text(found.get("content"))
            yield from self._sources.url(text(found.get("url")), title=title, snippet=snippet)

    def _new_key(self) -> int:
        self._begun_calls += 1
        return self._begun_calls
