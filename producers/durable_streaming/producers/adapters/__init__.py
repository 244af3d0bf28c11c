"""Adapters: a provider's stream of chunks in, the facts of one run out. No input or output.

The same adapter reads recorded chunks and the live objects of the provider's SDK::

    adapter = adapter_for("auto", first_chunk)
    for chunk in stream:
        facts = adapter.feed(chunk)
    facts = adapter.finish()
"""

from durable_streaming.producers.adapters.adapter import Adapter
from durable_streaming.producers.adapters.ag_ui import AGUI
from durable_streaming.producers.adapters.anthropic_messages import AnthropicMessages
from durable_streaming.producers.adapters.gemini import Gemini
from durable_streaming.producers.adapters.google_interactions import GoogleInteractions
from durable_streaming.producers.adapters.langgraph import LangGraph
from durable_streaming.producers.adapters.openai_chat import OpenAIChat
from durable_streaming.producers.adapters.openai_responses import OpenAIResponses
from durable_streaming.producers.adapters.pydantic_ai import PydanticAI
from durable_streaming.producers.adapters.selection import (
    ADAPTERS,
    UnknownStream,
    adapter_for,
    detect,
)
from durable_streaming.producers.facts import Fact

__all__ = [
    "ADAPTERS",
    "AGUI",
    "Adapter",
    "AnthropicMessages",
    "Fact",
    "Gemini",
    "GoogleInteractions",
    "LangGraph",
    "OpenAIChat",
    "OpenAIResponses",
    "PydanticAI",
    "UnknownStream",
    "adapter_for",
    "detect",
]
