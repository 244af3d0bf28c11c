"""The agent, which tells its user's interface what it does; its two thoughts are recorded."""

import json
from collections.abc import AsyncIterator

from ag_ui.core import (
    BaseEvent,
    RunFinishedEvent,
    RunStartedEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

from examples.documentation import search

QUERY = {"query": "kafka order"}
ANSWER = ("Kafka keeps ", "every event ", "in its order.")


async def answer(question: str) -> AsyncIterator[BaseEvent]:
    """Give the events that an interface would get."""
    yield RunStartedEvent(thread_id=question, run_id="1")
    yield StepStartedEvent(step_name="search")
    yield ToolCallStartEvent(tool_call_id="call-a", tool_call_name="search")
    yield ToolCallArgsEvent(tool_call_id="call-a", delta=json.dumps(QUERY))
    yield ToolCallEndEvent(tool_call_id="call-a")
    found = search(**QUERY)
    yield ToolCallResultEvent(message_id="2", tool_call_id="call-a", content=json.dumps(found))
    yield StepFinishedEvent(step_name="search")
    yield TextMessageStartEvent(message_id="3", role="assistant")
    for piece in ANSWER:
        yield TextMessageContentEvent(message_id="3", delta=piece)
    yield TextMessageEndEvent(message_id="3")
    yield RunFinishedEvent(thread_id=question, run_id="1")
