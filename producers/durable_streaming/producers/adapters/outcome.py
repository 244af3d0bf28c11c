"""How a provider's stream ended, as the run's terminal fact."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from durable_streaming.producers.adapters.chunks import Chunk, text, word
from durable_streaming.producers.adapters.limits import MAX_TEXT
from durable_streaming.producers.adapters.usage import fitting
from durable_streaming.producers.facts import Fact


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run.

    Attributes:
        type: of the terminal event.
        detail: its data without answer and usage.
        answer: what the provider's own final object says the answer is, or None.
    """

    type: Literal["run.completed", "run.failed", "run.cancelled"]
    detail: dict[str, Any]
    answer: dict[str, Any] | None = None

    def fact(self, usage: Chunk) -> Fact:
        """Make the terminal fact."""
        data = dict(self.detail)
        if self.answer is not None:
            data["answer"] = self.answer
        if usage:
            data["usage"] = fitting(usage)
        return Fact(self.type, data)


CUT: Final = Outcome(
    "run.failed",
    {"error": {"type": "cut", "message": "the stream ended before the provider had finished"}},
)
"""The stream just ends: what every stream is until its provider says otherwise."""


def completed(answer: dict[str, Any] | None = None) -> Outcome:
    """The provider said that it is done; a call of the caller's tools is done too."""
    return Outcome("run.completed", {}, answer)


def incomplete(reason: str, answer: dict[str, Any] | None = None) -> Outcome:
    """The provider said that it stopped short; `reason` is its own word."""
    error = {"type": "incomplete", "message": reason}
    return Outcome("run.failed", {"error": error}, answer)


def cancelled(answer: dict[str, Any] | None = None) -> Outcome:
    """The provider said that somebody called it off."""
    return Outcome("run.cancelled", {}, answer)


def failed(error: Chunk, answer: dict[str, Any] | None = None) -> Outcome:
    """The provider sent an error: its type (or code, or status) and message, as sent."""
    names = [name for key in ("type", "code", "status") if (name := word(error.get(key)))]
    message = text(error.get("message"))
    detail = {"type": names[0] if names else "error", "message": message or "no message was sent"}
    code = word(error.get("code"))
    if code and code != detail["type"]:
        detail["code"] = code
    return Outcome("run.failed", {"error": detail}, answer)


def claimed(answer: str, parts: Sequence[int] | None = None) -> dict[str, Any]:
    """Make the claim that `answer` is the final text.

    Args:
        answer: the provider's own final text.
        parts: the streamed parts it stands for; None for all.
    """
    claim: dict[str, Any] = {"text": answer}
    if len(answer) > MAX_TEXT:
        digest = hashlib.sha256(answer.encode(errors="surrogatepass")).hexdigest()
        claim = {"length": len(answer), "sha256": digest}
    if parts is not None:
        claim["parts"] = list(parts)
    return claim
