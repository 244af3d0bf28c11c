"""Google's Gemini API: the streamed responses of generateContent."""

from collections.abc import Iterator
from typing import Any, Final

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, index, mapping, mappings, text
from durable_streaming.producers.adapters.outcome import CUT, completed, failed, incomplete
from durable_streaming.producers.adapters.text import CitedRange, Utf8Positions
from durable_streaming.producers.adapters.usage import latest
from durable_streaming.producers.facts import Fact

_UNSPECIFIED: Final = frozenset(
    {"FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"}
)


class Gemini(Adapter):
    """Reads generateContent responses; they never repeat the text, so no answer is claimed.

    Only the first candidate is followed: others are alternatives to it, not more of the answer.
    """

    api = "gemini"

    def __init__(self) -> None:
        super().__init__()
        self._block = 0
        self._begun_calls = 0
        self._code_call_id = ""
        self._response_id = ""
        self._response_usage: dict[str, Any] = {}
        self._positions = Utf8Positions()

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        self._name_model(chunk.get("modelVersion"))
        candidates = mappings(chunk.get("candidates"))
        response_id = text(chunk.get("responseId")) or self._response_id
        if candidates and response_id != self._response_id and self._outcome is not CUT:
            self._next_response()
            yield from self._results_of_functions(chunk)
        self._response_id = response_id
        self._count(mapping(chunk.get("usageMetadata")))
        for candidate in candidates:
            if not index(candidate.get("index")):
                yield from self._follow(candidate)
        blocked = text(mapping(chunk.get("promptFeedback")).get("blockReason"))
        if blocked and blocked not in _UNSPECIFIED:
            self._outcome = incomplete(blocked)
        if error := mapping(chunk.get("error")):
            # The status is a word, the code the number of an HTTP status.
            self._outcome = failed({**error, "type": error.get("status")})

    def _next_response(self) -> None:
        super()._next_response()
        self._response_usage = {}
        self._block += self._block in self._text
        self._positions.restart()

    def _count(self, usage: Chunk) -> None:
        self._response_usage = latest(self._response_usage, usage)
        super()._count(self._response_usage)

    def _follow(self, candidate: Chunk) -> Iterator[Fact]:
        for part in mappings(mapping(candidate.get("content")).get("parts")):
            yield from self._part(part)
        yield from self._ground(mapping(candidate.get("groundingMetadata")))
        yield from self._attribute(mapping(candidate.get("citationMetadata")))
        opened = mapping(candidate.get("urlContextMetadata")).get("urlMetadata")
        for page in mappings(opened):
            yield from self._sources.url(text(page.get("retrievedUrl")))
        reason = text(candidate.get("finishReason"))
        if reason and reason not in _UNSPECIFIED:
            self._outcome = completed() if reason == "STOP" else incomplete(reason)

    def _part(self, part: Chunk) -> Iterator[Fact]:
        written = text(part.get("text"))
        if written and part.get("thought") is not True:
            self._positions.append(written)
            yield from self._text.append(self._block, written)
            return
        if written or "text" not in part:
            # Whatever stands between two texts makes them two parts.
            self._block += self._block in self._text
        yield from self._reasoning.append(self._block, written)
        yield from self._call(part)
        yield from self._result(part)

    def _call(self, part: Chunk) -> Iterator[Fact]:
        if call := mapping(part.get("functionCall")):
            yield from self._called(call, text(call.get("name")), call.get("args") or {})
        if call := mapping(part.get("toolCall")):
            yield from self._called(call, text(call.get("toolType")).lower(), call.get("args"))
        if code := mapping(part.get("executableCode")):
            arguments = {name: code.get(name) for name in ("language", "code")}
            yield from self._called(code, "code_execution", arguments)
            self._code_call_id = self._calls.id_of(self._begun_calls) or ""

    def _called(self, call: Chunk, name: str, arguments: Any) -> list[Fact]:
        self._begun_calls += 1
        return self._calls.called(self._begun_calls, name, text(call.get("id")), arguments)

    def _results_of_functions(self, chunk: Chunk) -> Iterator[Fact]:
        # Where the SDK itself calls Python functions, only the history of the next response's
        # chunks has what they gave: as its last content.
        for content in mappings(chunk.get("automaticFunctionCallingHistory"))[-1:]:
            for part in mappings(content.get("parts")):
                yield from self._result(part)

    def _result(self, part: Chunk) -> Iterator[Fact]:
        for kind in ("functionResponse", "toolResponse"):
            if response := mapping(part.get(kind)):
                # Functions are called without ids, and answered in the order of their calls.
                call_id = text(response.get("id")) or self._calls.unanswered(
                    text(response.get("name"))
                )
                yield from self._calls.returned(call_id, response.get("response"))
        if executed := mapping(part.get("codeExecutionResult")):
            call_id = text(executed.get("id")) or self._code_call_id
            outcome, output = text(executed.get("outcome")), executed.get("output")
            if outcome in ("OUTCOME_OK", ""):
                yield from self._calls.returned(call_id, output)
            else:
                yield from self._calls.failed(call_id, f"{outcome}: {text(output)}")

    def _ground(self, metadata: Chunk) -> Iterator[Fact]:
        chunks = metadata.get("groundingChunks")
        if not isinstance(chunks, list):
            return
        cited: dict[int, list[CitedRange]] = {}
        for support in mappings(metadata.get("groundingSupports")):
            segment = mapping(support.get("segment"))
            span = self._span(segment, text(segment.get("text")))
            named = support.get("groundingChunkIndices")
            for number in named if isinstance(named, list) else ():
                if (at := index(number)) is not None:
                    cited.setdefault(at, []).extend(span)
        for number, chunk in enumerate(chunks):
            for kind in ("web", "maps", "retrievedContext"):
                if found := mapping(mapping(chunk).get(kind)):
                    yield from self._found(found, cited.get(number, []))

    def _found(self, found: Chunk, cited: list[CitedRange]) -> list[Fact]:
        title, snippet = text(found.get("title")), text(found.get("text"))
        if url := text(found.get("uri")):
            return self._sources.url(url, title=title, snippet=snippet, cited=cited)
        identity = text(found.get("documentName")) or title
        return self._sources.document(identity, title=title, snippet=snippet, cited=cited)

    def _attribute(self, metadata: Chunk) -> Iterator[Fact]:
        listed = metadata.get("citationSources") or metadata.get("citations")
        for source in mappings(listed):
            title, cited = text(source.get("title")), self._span(source)
            yield from self._sources.url(text(source.get("uri")), title=title, cited=cited)

    def _span(self, segment: Chunk, expected: str = "") -> list[CitedRange]:
        start, end = index(segment.get("startIndex")) or 0, index(segment.get("endIndex"))
        span = self._positions.code_points(start, end, expected)
        if span is None or span[0] == span[1]:
            return []
        return [{"start": span[0], "end": span[1]}]
