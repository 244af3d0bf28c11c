"""A model behind an OpenAI-compatible endpoint writes the answer, from the same entries."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx

from .compose import Citation
from .entries import Entry
from .errors import ModelUnavailable
from .question import Question
from .settings import GuideSettings

_MARK = re.compile(r"\[(\d{1,3})\]")
#: Marks may follow the full stop of their sentence, so a mark never begins a sentence.
_SENTENCE_START = re.compile(r"(?<=[.!?\]])\s+(?!\[)|\n+")
_INSTRUCTIONS = (
    "Answer the question about Apache Kafka from the numbered documentation entries only. "
    "After each sentence name the entry that it rests on, like [1]. Be brief. "
    "Where the entries do not answer the question, say so."
)


class ModelWriter:
    """Streams a chat completion that cites its entries as `[n]`."""

    verbatim = False

    def __init__(self, client: httpx.AsyncClient, settings: GuideSettings) -> None:
        self._client = client
        self._url = f"{str(settings.openai_base_url).rstrip('/')}/chat/completions"
        key = settings.openai_api_key
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._timeout = settings.openai_timeout_seconds
        self.model = settings.openai_model

    async def write(self, question: Question, entries: Sequence[Entry]) -> AsyncIterator[str]:
        """Stream what the model writes.

        Raises:
            ModelUnavailable: The endpoint refused, broke off, or spoke another protocol.
        """
        numbered = "\n\n".join(
            f"[{number}] {entry.heading}\n{entry.text}" for number, entry in enumerate(entries, 1)
        )
        body = {
            "model": self.model,
            "stream": True,
            "messages": [
                {"role": "system", "content": _INSTRUCTIONS},
                {"role": "user", "content": f"{numbered}\n\nQuestion: {question.text}"},
            ],
        }
        try:
            async with self._client.stream(
                "POST", self._url, json=body, headers=self._headers, timeout=self._timeout
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise ModelUnavailable(
                        f"{self._url} answered {response.status_code};"
                        " check DURABLE_GUIDE_OPENAI_BASE_URL, _API_KEY and _MODEL"
                    )
                finished = False
                async for line in response.aiter_lines():
                    choice = _choice(line)
                    if text := (choice.get("delta") or {}).get("content"):
                        yield text
                    finished = finished or choice.get("finish_reason") == "stop"
        except httpx.HTTPError as error:
            raise ModelUnavailable(f"{self._url}: {error!r}") from error
        if not finished:
            raise ModelUnavailable(f"{self._url} ended the answer before it was finished")

    def cite(self, answer: str, question: Question, entries: Sequence[Entry]) -> list[Citation]:
        """Return each marked sentence; marks of entries that were not given are left out."""
        found = []
        start = 0
        for end in [match.start() for match in _SENTENCE_START.finditer(answer)] + [len(answer)]:
            for number in dict.fromkeys(map(int, _MARK.findall(answer[start:end]))):
                if 1 <= number <= len(entries):
                    found.append(Citation(entries[number - 1].entry_id, start, end))
            while end < len(answer) and answer[end].isspace():
                end += 1
            start = end
        return found


def _choice(line: str) -> dict[str, Any]:
    """Read one line of the event stream; comments, blank lines and the end mark hold nothing."""
    if not line.startswith("data:") or line.removeprefix("data:").strip() == "[DONE]":
        return {}
    try:
        choices = json.loads(line.removeprefix("data:"))["choices"]
        return dict(choices[0]) if choices else {}
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable("the endpoint does not stream chat completions") from error
