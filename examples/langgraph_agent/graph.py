"""The graph, on a model whose two responses are recorded."""

from collections.abc import Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph

from examples import documentation

ANSWER = ("Kafka keeps ", "every event ", "in its order.")


class RecordedModel(BaseChatModel):
    """Gives recorded responses: first a call, then the answer."""

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return generate_from_stream(self._stream(messages))

    def _stream(
        self, messages: list[BaseMessage], *_: Any, **__: Any
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _answer() if messages[-1].type == "tool" else _call():
            yield ChatGenerationChunk(message=chunk)


def _call() -> Iterator[AIMessageChunk]:
    pieces = (("search", '{"query": ', "call-a"), (None, '"kafka order"}', None))
    for number, (name, args, identity) in enumerate(pieces, 1):
        chunk = {"name": name, "args": args, "id": identity, "index": 0}
        last = "last" if number == len(pieces) else None
        yield AIMessageChunk(content="", tool_call_chunks=[chunk], chunk_position=last)


def _answer() -> Iterator[AIMessageChunk]:
    for piece in ANSWER:
        yield AIMessageChunk(content=piece)
    usage = {"input_tokens": 12, "output_tokens": 7, "total_tokens": 19}
    yield AIMessageChunk(
        content="", usage_metadata=usage, response_metadata={"model_name": "recorded-model"},
        chunk_position="last",
    )  # fmt: skip


async def think(state: MessagesState) -> dict[str, Any]:
    """Ask the model."""
    return {"messages": [await RecordedModel().ainvoke(state["messages"])]}


async def search(state: MessagesState) -> dict[str, Any]:
    """Execute the calls of the model's last message."""
    get_stream_writer()({"searching": "the documentation"})
    calls = getattr(state["messages"][-1], "tool_calls", [])
    return {
        "messages": [
            ToolMessage(
                documentation.search(**call["args"])[0], tool_call_id=call["id"], name=call["name"]
            )
            for call in calls
        ]
    }


def _next(state: MessagesState) -> str:
    return "search" if getattr(state["messages"][-1], "tool_calls", []) else END


_builder = StateGraph(MessagesState)
_builder.add_node("think", think)
_builder.add_node("search", search)
_builder.add_edge(START, "think")
_builder.add_conditional_edges("think", _next)
_builder.add_edge("search", "think")
graph = _builder.compile()
