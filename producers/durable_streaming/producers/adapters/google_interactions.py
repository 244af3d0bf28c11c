"""Google's Interactions API: steps that start, grow and stop."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, index, mapping, mappings, text
from durable_streaming.producers.adapters.limits import parsed
from durable_streaming.producers.adapters.outcome import (
    Outcome,
    cancelled,
    completed,
    failed,
    incomplete,
)
from durable_streaming.producers.adapters.text import Utf8Positions
from durable_streaming.producers.facts import Fact

_Place = tuple[int, int]
"""Number of the interaction in the stream, index of the step in it."""

_COMPLETE: Final = frozenset({"completed", "requires_action"})


@dataclass(slots=True)
class _Step:
    members: dict[str, Any] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    positions: Utf8Positions = field(default_factory=Utf8Positions)

    @property
    def kind(self) -> str:
        return text(self.members.get("type"))


class GoogleInteractions(Adapter):
    """Reads interaction events; they never repeat the text, so no answer is claimed."""

    api = "google-interactions"

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[_Place, _Step] = {}

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        interaction = mapping(chunk.get("interaction"))
        self._name_model(interaction.get("model"))
        at = self._response, index(chunk.get("index")) or 0
        match text(chunk.get("event_type")):
            case "interaction.created":
                self._next_response()
            case "step.start":
                yield from self._start(at, mapping(chunk.get("step")))
            case "step.delta":
                step = self._steps.setdefault(at, _Step())
                yield from self._grow(at, step, mapping(chunk.get("delta")))
            case "step.stop" if at in self._steps:
                yield from self._stop(at, self._steps.pop(at))
            case "interaction.completed":
                self._count(mapping(interaction.get("usage")))
                self._outcome = _outcome(interaction)
            case "error":
                self._outcome = failed(mapping(chunk.get("error")))

    def _start(self, at: _Place, step: Chunk) -> Iterator[Fact]:
        self._steps[at] = opened = _Step(dict(step))
        if opened.kind.endswith("_call"):
            self._calls.open(at)
        for content in mappings(step.get("content")):
            yield from self._write(at, opened, text(content.get("text")))

    def _grow(self, at: _Place, step: _Step, delta: Chunk) -> Iterator[Fact]:
        match text(delta.get("type")):
            case "text":
                yield from self._write(at, step, text(delta.get("text")))
            case "thought_summary":
                thought = text(mapping(delta.get("content")).get("text"))
                yield from self._reasoning.append(at, thought)
            case "text_annotation_delta":
                for annotation in mappings(delta.get("annotations")):
                    yield from self._cite(at, step, annotation)
            case "arguments_delta":
                step.written.append(text(delta.get("arguments")))
            case kind if kind and kind == step.kind:
                step.members.update(delta)

    def _write(self, at: _Place, step: _Step, written: str) -> list[Fact]:
        step.positions.append(written)
        return self._text.append(at, written)

    def _cite(self, at: _Place, step: _Step, annotation: Chunk) -> list[Fact]:
        # The positions count UTF-8 bytes of the step's own text.
        start, end = index(annotation.get("start_index")) or 0, index(annotation.get("end_index"))
        span = step.positions.code_points(start, end)
        cited = self._text.cited(at, *span) if span else []
        title = text(annotation.get("title")) or text(annotation.get("file_name"))
        if url := text(annotation.get("url")):
            return self._sources.url(url, title=title, cited=cited)
        document = text(annotation.get("document_uri")) or text(annotation.get("file_name"))
        return self._sources.document(document, title=title, cited=cited)

    def _stop(self, at: _Place, step: _Step) -> Iterator[Fact]:
        if step.kind.endswith("_call"):
            name = text(step.members.get("name")) or step.kind.removesuffix("_call")
            arguments = step.members.get("arguments")
            if step.written:
                arguments = parsed("".join(step.written))
            yield from self._calls.called(at, name, text(step.members.get("id")), arguments)
        elif step.kind.endswith("_result"):
            yield from self._return(step.members)

    def _return(self, step: dict[str, Any]) -> Iterator[Fact]:
        call_id, result = text(step.get("call_id")), step.get("result")
        if step.get("is_error") is True:
            error = result if isinstance(result, str) else json.dumps(result, default=str)
            yield from self._calls.failed(call_id, error)
        else:
            yield from self._calls.returned(call_id, result)
        for found in mappings(result):
            title = text(found.get("title"))
            yield from self._sources.url(text(found.get("url")), title=title)


def _outcome(interaction: Chunk) -> Outcome:
    status = text(interaction.get("status"))
    if status in _COMPLETE:
        return completed()
    if status == "failed":
        return failed({"type": status, **mapping(interaction.get("error"))})
    if status == "cancelled":
        return cancelled()
    return incomplete(status or "incomplete")
