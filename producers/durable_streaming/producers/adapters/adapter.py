"""What all adapters share: chunks in, facts out, one end."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from durable_streaming.producers.adapters.calls import ToolCalls
from durable_streaming.producers.adapters.chunks import Chunk, as_mapping, text
from durable_streaming.producers.adapters.outcome import CUT, Outcome
from durable_streaming.producers.adapters.sources import Sources
from durable_streaming.producers.adapters.text import TextParts
from durable_streaming.producers.adapters.usage import summed
from durable_streaming.producers.facts import Fact


class Adapter(ABC):
    """Turns one stream of one provider into the facts of one run; no input or output.

    An adapter serves one stream. `run.started` is the caller's to write, with `model`. Chunks
    that an adapter does not know are ignored, so a provider may add kinds. The responses of one
    agent's loop may follow one another in a stream: their text is in parts of its own, their usage
    is added, and the last one's end is the stream's.

    Attributes:
        api: the name under which `adapter_for` knows the adapter.
        model: the model's name as the provider gives it, None until it did.
    """

    api: ClassVar[str]

    def __init__(self) -> None:
        self.model: str | None = None
        self._text = TextParts("text.delta")
        self._reasoning = TextParts("reasoning.delta")
        self._calls = ToolCalls()
        self._sources = Sources()
        self._usage: dict[str, Any] = {}
        self._earlier_usage: dict[str, Any] = {}
        self._outcome: Outcome = CUT
        self._response = 0
        self._is_finished = False

    def feed(self, chunk: object) -> list[Fact]:
        """Take the next chunk, as decoded JSON or as the provider's SDK object.

        Returns:
            The facts it brings, in order; often none.

        Raises:
            TypeError: the chunk is no mapping and has neither `model_dump()` nor `to_dict()`.
            RuntimeError: the stream was finished.
        """
        if self._is_finished:
            raise RuntimeError("this stream was finished: make a new adapter for the next one")
        return list(self._read(as_mapping(chunk)))

    def finish(self) -> list[Fact]:
        """Take the end of the stream.

        Returns:
            What was held back, then exactly one terminal fact: `run.completed`, `run.cancelled`,
            or `run.failed`, whose error type is `incomplete` where the provider said that it
            stopped short, `cut` where the stream just ended, else the provider's own.

        Raises:
            RuntimeError: the stream was finished before.
        """
        if self._is_finished:
            raise RuntimeError("this stream was finished: make a new adapter for the next one")
        self._is_finished = True
        return [*self._close(), *self._calls.rest(), self._outcome.fact(self._usage)]

    @abstractmethod
    def _read(self, chunk: Chunk) -> Iterator[Fact]:
        """Give the facts of one chunk."""

    def _close(self) -> Iterator[Fact]:
        """Give what was held for chunks that did not come."""
        yield from ()

    def _next_response(self) -> None:
        """Take note that a response begins; one that came before was not the last."""
        self._response += 1
        self._earlier_usage = self._usage
        self._outcome = CUT

    def _count(self, usage: Chunk) -> None:
        """Take what this response has used by now, in place of what was known of it."""
        self._usage = summed(self._earlier_usage, usage)

    def _name_model(self, name: object) -> None:
        self.model = self.model or text(name) or None
