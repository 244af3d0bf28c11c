"""LangGraph's `astream`: its modes `messages`, `updates` and `custom`, alone or together."""

from collections.abc import Iterator, Mapping

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.chunks import Chunk, mapping, mappings, text
from durable_streaming.producers.adapters.limits import bounded, parsed
from durable_streaming.producers.adapters.outcome import CUT, completed, incomplete
from durable_streaming.producers.adapters.plain import plain
from durable_streaming.producers.adapters.usage import summed
from durable_streaming.producers.facts import Fact


class LangGraph(Adapter):
    """Reads the items of a graph's stream; each message of a model is a part of the text.

    A graph's stream has no last word of its own: it is complete when it ends and no message is
    open. Nodes that give updates are steps, and what a node writes by itself is `x.langgraph`.
    """

    api = "langgraph"

    def __init__(self) -> None:
        super().__init__()
        self._open = ""
        self._streamed: set[str] = set()
        self._pending: dict[tuple[str, int], dict[str, str]] = {}
        self._is_interrupted = False

    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        data = chunk.get("data")
        if "ns" in chunk:
            self._outcome = completed()
        match text(chunk.get("type")):
            case "messages" if isinstance(data, list | tuple) and data:
                yield from self._message(_dumped(data[0]))
            case "updates":
                yield from self._update(mapping(data))
            case "custom":
                yield Fact("x.langgraph", bounded(plain(data)))

    def _message(self, message: Chunk) -> Iterator[Fact]:
        kind, identity = text(message.get("type")).lower(), text(message.get("id"))
        if kind == "tool":
            yield from self._returned(message)
        if not kind.startswith("ai"):
            return
        self._open = identity
        self._streamed.add(identity)
        self._name_model(mapping(message.get("response_metadata")).get("model_name"))
        yield from self._content(identity, message.get("content"))
        for call in mappings(message.get("tool_call_chunks")):
            self._grow_call(identity, call)
        self._usage = summed(self._usage, mapping(message.get("usage_metadata")))
        if message.get("chunk_position") == "last" or kind == "ai":
            yield from self._whole(identity)

    def _content(self, identity: str, content: object) -> Iterator[Fact]:
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in mappings(blocks):
            if text(block.get("type")) == "text":
                yield from self._text.append(identity, text(block.get("text")))
            elif text(block.get("type")) in ("reasoning", "thinking"):
                thought = text(block.get("reasoning")) or text(block.get("thinking"))
                yield from self._reasoning.append(identity, thought)

    def _grow_call(self, identity: str, chunk: Chunk) -> None:
        at = chunk.get("index")
        key = (identity, at if isinstance(at, int) else len(self._pending))
        call = self._pending.setdefault(key, {"id": "", "name": "", "args": ""})
        for name in call:
            call[name] += text(chunk.get(name))

    def _whole(self, identity: str) -> Iterator[Fact]:
        """Tell the calls of a message that is complete."""
        if self._open == identity:
            self._open = ""
        for key in [key for key in self._pending if key[0] == identity]:
            call = self._pending.pop(key)
            yield from self._called(call["id"], call["name"], parsed(call["args"] or "{}"))

    def _called(self, call_id: str, name: str, arguments: object) -> list[Fact]:
        return self._calls.called(call_id or object(), name, call_id, arguments)

    def _returned(self, message: Chunk) -> list[Fact]:
        call_id, content = text(message.get("tool_call_id")), message.get("content")
        if call_id in self._streamed or not self._calls.knows(call_id):
            return []
        self._streamed.add(call_id)
        if text(message.get("status")) == "error":
            return self._calls.failed(call_id, content if isinstance(content, str) else "error")
        return self._calls.returned(call_id, parsed(content))

    def _update(self, update: Chunk) -> Iterator[Fact]:
        if "__interrupt__" in update:
            self._is_interrupted = True
            yield Fact("run.waiting", {"for": "input"})
        for node, change in update.items():
            if node.startswith("__"):
                continue
            messages = mapping(change).get("messages")
            for item in messages if isinstance(messages, list | tuple) else [messages]:
                yield from self._updated(_dumped(item))
            yield Fact("step.started", {"step_id": node})
            yield Fact("step.completed", {"step_id": node, "status": "succeeded"})

    def _updated(self, message: Chunk) -> Iterator[Fact]:
        """Take a whole message: what mode `messages` told of it is not told again."""
        kind, identity = text(message.get("type")).lower(), text(message.get("id"))
        if kind == "tool":
            yield from self._returned(message)
        elif kind.startswith("ai"):
            yield from self._whole(identity)
            if identity not in self._streamed:
                yield from self._content(identity, message.get("content"))
                self._usage = summed(self._usage, mapping(message.get("usage_metadata")))
            for call in mappings(message.get("tool_calls")):
                call_id = text(call.get("id"))
                if not self._calls.knows(call_id):
                    yield from self._called(call_id, text(call.get("name")), call.get("args"))

    def _close(self) -> Iterator[Fact]:
        if self._is_interrupted:
            self._outcome = incomplete("interrupt")
        elif self._open:
            self._outcome = CUT
        yield from ()


def _dumped(message: object) -> Chunk:
    if isinstance(message, Mapping):
        return message
    # With what was not set: a message's type is a default.
    dump = getattr(message, "model_dump", None)
    return mapping(plain(dump(warnings=False))) if callable(dump) else {}
