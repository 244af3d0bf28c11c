"""The tool calls of a run, each told once, in the order in which the provider began them."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from durable_streaming.producers.adapters.limits import bounded, identifier
from durable_streaming.producers.facts import Fact


@dataclass(slots=True)
class _Call:
    call_id: str
    name: str = ""
    is_called: bool = False
    is_told: bool = False
    is_answered: bool = False
    held: list[Fact] = field(default_factory=list)


class ToolCalls:
    """Keeps the calls in order while their arguments arrive, and pairs results with calls."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._waiting: deque[_Call] = deque()

    def open(self, key: Hashable) -> None:
        """Give the call that the provider knows as `key` its place in the order."""
        if key not in self._calls:
            call = _Call(f"call-{len(self._calls) + 1}")
            self._calls[key] = call
            self._waiting.append(call)

    def called(self, key: Hashable, name: str, call_id: str, arguments: Any) -> list[Fact]:
        """Tell a call whose arguments are complete.

        Args:
            key: as in `open`, which is done here where it was not.
            name: of the tool.
            call_id: the provider's; where it is empty the call's place makes one.
            arguments: any JSON value.

        Returns:
            What is due now: nothing while an earlier call waits for its arguments, or when
            this call was told before.
        """
        self.open(key)
        call = self._calls[key]
        if call.is_called:
            return []
        call.is_called = True
        call.name = name
        call.call_id = identifier(call_id) or call.call_id
        self._by_id[call.call_id] = call
        data = {"call_id": call.call_id, "name": name, "arguments": bounded(arguments)}
        call.held.append(Fact("tool.called", data))
        return self._due()

    def returned(self, call_id: str, output: Any) -> list[Fact]:
        """Tell what a call gave."""
        call_id = identifier(call_id)
        return self._result(call_id, {"call_id": call_id, "output": bounded(output)})

    def failed(self, call_id: str, error: str) -> list[Fact]:
        """Tell that a call failed."""
        call_id = identifier(call_id)
        return self._result(call_id, {"call_id": call_id, "error": str(bounded(error))})

    def id_of(self, key: Hashable) -> str | None:
        """Give the id of a call that was told, else None."""
        call = self._calls.get(key)
        return call.call_id if call is not None and call.is_called else None

    def unanswered(self, name: str) -> str:
        """Give the id of the first call of a tool that has no result yet; empty for none."""
        found = (c for c in self._by_id.values() if c.name == name and not c.is_answered)
        return next((call.call_id for call in found), "")

    def knows(self, call_id: str) -> bool:
        """Say whether a call of this id was told."""
        return identifier(call_id) in self._by_id

    def rest(self) -> list[Fact]:
        """Give what is still held at the end of the stream.

        A call whose arguments never became complete was never made, so it is not told.
        """
        facts = [fact for call in self._waiting for fact in call.held]
        self._waiting.clear()
        return facts

    def _result(self, call_id: str, data: dict[str, Any]) -> list[Fact]:
        fact = Fact("tool.returned", data)
        call = self._by_id.get(call_id)
        if call is not None:
            call.is_answered = True
        if call is None or call.is_told:
            return [fact]
        call.held.append(fact)
        return []

    def _due(self) -> list[Fact]:
        facts: list[Fact] = []
        while self._waiting and self._waiting[0].is_called:
            call = self._waiting.popleft()
            call.is_told = True
            facts.extend(call.held)
            call.held.clear()
        return facts
