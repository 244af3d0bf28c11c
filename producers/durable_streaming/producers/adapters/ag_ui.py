"""AG-UI events, by which an agent talks to its user's interface (protocol version 1.0)."""

from collections.abc import Iterator
from typing import Any

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, mapping, mappings, text
from durable_streaming.producers.adapters.limits import parsed
from durable_streaming.producers.adapters.outcome import cancelled, completed, failed, incomplete
from durable_streaming.producers.adapters.usage import summed
from durable_streaming.producers.facts import Fact


class AGUI(Adapter):
    """Reads AG-UI events; each message is a part of the text, and no answer is claimed.

    Steps of the same name are one step that runs again. State, activities and messages that the
    interface keeps are not the run's, so they are left out.
    """

    api = "ag-ui"

    def __init__(self) -> None:
        super().__init__()
        self._message = self._thought = self._call = ""
        self._names: dict[str, str] = {}
        self._arguments: dict[str, list[str]] = {}

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        kind, delta = text(chunk.get("type")), text(chunk.get("delta"))
        message = text(chunk.get("messageId"))
        if not kind.startswith("TOOL_CALL_CHUNK"):
            # A call that came in chunks has no end of its own.
            yield from self._close()
        match kind:
            case "TEXT_MESSAGE_START" | "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK":
                self._message = message or self._message
                yield from self._text.append(self._message, delta)
            case "REASONING_MESSAGE_CONTENT" | "REASONING_MESSAGE_CHUNK":
                self._thought = message or self._thought
                yield from self._reasoning.append(self._thought, delta)
            case "STEP_STARTED":
                yield Fact("step.started", {"step_id": text(chunk.get("stepName")) or "step"})
            case "STEP_FINISHED":
                step = text(chunk.get("stepName")) or "step"
                yield Fact("step.completed", {"step_id": step, "status": "succeeded"})
            case "RUN_FINISHED":
                yield from self._finished(chunk)
            case "RUN_ERROR":
                self._count(chunk)
                self._outcome = failed({**chunk, "type": None})
            case _ if kind.startswith("TOOL_CALL_"):
                yield from self._tool(kind, chunk)

    def _tool(self, kind: str, chunk: Chunk) -> Iterator[Fact]:
        call_id = text(chunk.get("toolCallId"))
        match kind:
            case "TOOL_CALL_START":
                self._open_call(call_id, chunk)
            case "TOOL_CALL_ARGS":
                self._arguments.setdefault(call_id, []).append(text(chunk.get("delta")))
            case "TOOL_CALL_CHUNK":
                if call_id and call_id != self._call:
                    yield from self._close()
                    self._open_call(call_id, chunk)
                    self._call = call_id
                self._arguments.setdefault(self._call, []).append(text(chunk.get("delta")))
            case "TOOL_CALL_END":
                yield from self._called(call_id)
            case "TOOL_CALL_RESULT":
                yield from self._called(call_id)
                if self._calls.knows(call_id):
                    yield from self._calls.returned(call_id, parsed(chunk.get("content")))

    def _open_call(self, call_id: str, chunk: Chunk) -> None:
        self._names[call_id] = text(chunk.get("toolCallName"))
        self._calls.open(call_id)

    def _called(self, call_id: str) -> list[Fact]:
        if call_id not in self._names:
            return []
        written = "".join(self._arguments.pop(call_id, ()))
        arguments = parsed(written) if written else {}
        return self._calls.called(call_id, self._names.pop(call_id), call_id, arguments)

    def _close(self) -> Iterator[Fact]:
        call, self._call = self._call, ""
        if call:
            yield from self._called(call)

    def _finished(self, chunk: Chunk) -> Iterator[Fact]:
        self._count(chunk)
        outcome = mapping(chunk.get("outcome"))
        kind = text(outcome.get("type"))
        if kind == "interrupt":
            reasons = [text(item.get("reason")) for item in mappings(outcome.get("interrupts"))]
            yield Fact("run.waiting", {"for": "input", "detail": ", ".join(reasons)[:500]})
            self._outcome = incomplete("interrupt")
        else:
            self._outcome = cancelled() if kind == "cancelled" else completed()

    def _count(self, chunk: Chunk) -> None:
        for usage in mappings(chunk.get("usage")):
            self._name_model(usage.get("model"))
            counts: dict[str, Any] = {k: v for k, v in usage.items() if isinstance(v, int)}
            self._usage = summed(self._usage, counts)
