"""Which adapter a stream needs, told by its first chunk."""

from typing import Final

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.ag_ui import AGUI
from durable_streaming.producers.adapters.anthropic_messages import AnthropicMessages
from durable_streaming.producers.adapters.chunks import Chunk, as_mapping, mapping, text
from durable_streaming.producers.adapters.gemini import Gemini
from durable_streaming.producers.adapters.google_interactions import GoogleInteractions
from durable_streaming.producers.adapters.langgraph import LangGraph
from durable_streaming.producers.adapters.openai_chat import OpenAIChat
from durable_streaming.producers.adapters.openai_responses import OpenAIResponses
from durable_streaming.producers.adapters.pydantic_ai import PydanticAI

ADAPTERS: Final[dict[str, type[Adapter]]] = {
    adapter.api: adapter
    for adapter in (
        OpenAIResponses,
        AnthropicMessages,
        OpenAIChat,
        Gemini,
        GoogleInteractions,
        PydanticAI,
        LangGraph,
        AGUI,
    )
}
"""The adapters by the name of their API."""

_AG_UI_KINDS: Final = ("RUN_", "TEXT_MESSAGE_", "TOOL_CALL_", "STEP_", "REASONING_", "STATE_")
_GEMINI_MEMBERS: Final = frozenset({"candidates", "promptFeedback", "usageMetadata"})


class UnknownStream(ValueError):
    """No adapter reads this stream, or none has the name that was asked for."""


def detect(chunk: object) -> str:
    """Name the API that a stream's first chunk belongs to.

    Raises:
        UnknownStream: it is none that an adapter reads.
        TypeError: it is no chunk at all.
    """
    found = as_mapping(chunk)
    api = _by_kind(found) or _by_members(found)
    if api is None:
        members = ", ".join(sorted(map(str, found))[:10]) or "no members"
        raise UnknownStream(
            f"no adapter knows a stream whose first chunk has {members}: "
            f"name its API ({_names()}), or turn it into events yourself"
        )
    return api


def adapter_for(api: str, first_chunk: object = None) -> Adapter:
    """Make the adapter for one stream.

    Args:
        api: a name from `ADAPTERS`, or `auto` to tell it from `first_chunk`.
        first_chunk: looked at, not consumed: feed it afterwards.

    Raises:
        UnknownStream: no adapter has this name, or the chunk doesn't tell.
        TypeError: `auto` without a chunk.
    """
    name = detect(first_chunk) if api == "auto" else api
    if name not in ADAPTERS:
        raise UnknownStream(f"no adapter is named {api!r}: use auto or one of {_names()}")
    return ADAPTERS[name]()


def _by_kind(chunk: Chunk) -> str | None:
    kind = text(chunk.get("type"))
    if kind.startswith("response."):
        return OpenAIResponses.api
    if kind.startswith(("message_", "content_block_")) or kind == "ping":
        return AnthropicMessages.api
    if kind == "error":
        # Both APIs have an error of this form; only Responses numbers its events.
        numbered = "sequence_number" in chunk or not mapping(chunk.get("error"))
        return OpenAIResponses.api if numbered else AnthropicMessages.api
    if kind.startswith(_AG_UI_KINDS):
        return AGUI.api
    if "ns" in chunk and "data" in chunk:
        return LangGraph.api
    if "event_kind" in chunk:
        return PydanticAI.api
    event = text(chunk.get("event_type"))
    # Its older form, `interaction.start` and `content.*`, is another protocol.
    known = event.startswith(("interaction.created", "interaction.status_update", "step."))
    return GoogleInteractions.api if known or event == "error" else None


def _by_members(chunk: Chunk) -> str | None:
    if not _GEMINI_MEMBERS.isdisjoint(chunk):
        return Gemini.api
    if "choices" in chunk or text(chunk.get("object")).startswith("chat.completion"):
        return OpenAIChat.api
    if error := mapping(chunk.get("error")):
        return Gemini.api if "status" in error else OpenAIChat.api
    return None


def _names() -> str:
    return ", ".join(sorted(ADAPTERS))
