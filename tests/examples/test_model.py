"""A model writes: over a real loopback server that speaks streaming chat completions."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from examples.kafka_guide.checks import check_sentences
from examples.kafka_guide.errors import ModelUnavailable
from examples.kafka_guide.index import Index
from examples.kafka_guide.model import ModelWriter
from examples.kafka_guide.question import Question
from examples.kafka_guide.settings import GuideSettings

QUESTION = Question.parse("Is a copy lost?")
Handler = Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Endpoint:
    """An HTTP server for one request a connection; keeps what it was asked."""

    def __init__(self, respond: Handler) -> None:
        self._respond = respond
        self.head = ""
        self.body: dict[str, Any] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (length,) = [
            int(line.partition(":")[2])
            for line in self.head.splitlines()
            if line.lower().startswith("content-length:")
        ]
        self.body = json.loads(await reader.readexactly(length))
        await self._respond(writer)
        writer.close()


@asynccontextmanager
async def serving(respond: Handler) -> AsyncIterator[tuple[Endpoint, ModelWriter]]:
    endpoint = Endpoint(respond)
    server = await asyncio.start_server(endpoint.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = GuideSettings.model_validate(
        {
            "openai_base_url": f"http://127.0.0.1:{port}/v1",
            "openai_api_key": "a-key",
            "openai_model": "small",
        }
    )
    async with server, httpx.AsyncClient() as client:
        yield endpoint, ModelWriter(client, settings)


def stream(*chunks: str, finish: str | None = "stop") -> Handler:
    """Answer with these pieces of text, in the event stream that chat completions use."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n")
        choices: list[dict[str, Any]] = [
            {"delta": {"role": "assistant", "content": None}, "finish_reason": None},
            *({"delta": {"content": text}, "finish_reason": None} for text in chunks),
        ]
        if finish:
            choices.append({"delta": {}, "finish_reason": finish})
        for choice in choices:
            writer.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
            await writer.drain()
        if finish:
            writer.write(b'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n')
        await writer.drain()

    return respond


def refuse(status: str) -> Handler:
    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    return respond


async def written(writer: ModelWriter, index: Index) -> str:
    entries = [index.entry("producerconfigs_safety"), index.entry("errors_COPY_LOST")]
    return "".join([text async for text in writer.write(QUESTION, entries)])


async def test_the_model_gets_the_entries_and_its_text_is_streamed(small_index: Index) -> None:
    async with serving(stream("A copy ", "may be lost", ". [1]")) as (endpoint, writer):
        assert await written(writer, small_index) == "A copy may be lost. [1]"
    assert "authorization: bearer a-key" in endpoint.head.lower()
    assert endpoint.head.startswith("POST /v1/chat/completions ")
    assert (endpoint.body["model"], endpoint.body["stream"]) == ("small", True)
    asked = endpoint.body["messages"][-1]["content"]
    assert "[1] safety (producer setting, default high)" in asked
    assert "[2] COPY_LOST (error 7, retriable)" in asked
    assert asked.endswith("Question: Is a copy lost?")


@pytest.mark.parametrize(
    ("respond", "message"),
    [
        (refuse("401 Unauthorized"), "answered 401; check DURABLE_GUIDE_OPENAI"),
        (stream("half an ans", finish=None), "before it was finished"),
        (stream("too long", finish="length"), "before it was finished"),
    ],
)
async def test_what_is_not_a_whole_answer_is_refused(
    small_index: Index, respond: Handler, message: str
) -> None:
    async with serving(respond) as (_, writer):
        with pytest.raises(ModelUnavailable, match=message):
            await written(writer, small_index)


async def test_another_protocol_is_named(small_index: Index) -> None:
    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\n\r\ndata: {"completion": "hello"}\n\n')
        await writer.drain()

    async with serving(respond) as (_, writer):
        with pytest.raises(ModelUnavailable, match="does not stream chat completions"):
            await written(writer, small_index)


async def test_marked_sentences_are_cited(small_index: Index) -> None:
    entries = [small_index.entry("producerconfigs_safety"), small_index.entry("errors_COPY_LOST")]
    known = {entry.entry_id: entry for entry in entries}
    answer = "A copy may be lost. [1] Then the write is not safe [1][2]. No mark here. Wrong [9]."
    async with serving(stream()) as (_, writer):
        cited = writer.cite(answer, QUESTION, entries)
    assert [(answer[c.start : c.end], c.entry_id) for c in cited] == [
        ("A copy may be lost. [1]", "producerconfigs_safety"),
        ("Then the write is not safe [1][2].", "producerconfigs_safety"),
        ("Then the write is not safe [1][2].", "errors_COPY_LOST"),
    ]
    assert check_sentences(answer, cited[:1], known, verbatim=False).verdict == "pass"
    invented = "Elephants guard every replica tonight. [1]"
    marked = writer.cite(invented, QUESTION, entries)
    assert check_sentences(invented, marked, known, verbatim=False).verdict == "fail"
