"""A provider's live stream, told to a run while it comes: what is behind `run.follow`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from durable_streaming.producers.adapters import Adapter, adapter_for
from durable_streaming.producers.adapters.outcome import CUT
from durable_streaming.producers.errors import BufferFull

if TYPE_CHECKING:
    from durable_streaming.producers.facts import Fact
    from durable_streaming.producers.run import RunHandle
    from durable_streaming.producers.sync_run import SyncRunHandle

_END: Final = object()


async def follow(
    run: RunHandle, stream: AsyncIterable[object] | Iterable[object], api: str
) -> None:
    """Tell a run what a stream brings, its end included; see `RunHandle.follow`."""
    adapter: Adapter | None = None
    async for chunk in _chunks(stream):
        adapter = adapter or adapter_for(api, chunk)
        for fact in adapter.feed(chunk):
            await _tell(run, fact)
    for fact in _end(adapter):
        await _tell(run, fact)


def follow_in_thread(run: SyncRunHandle, stream: Iterable[object], api: str) -> None:
    """Tell a run what a stream brings, its end included; see `SyncRunHandle.follow`."""
    adapter: Adapter | None = None
    for chunk in stream:
        adapter = adapter or adapter_for(api, chunk)
        for fact in adapter.feed(chunk):
            _tell_in_thread(run, fact)
    for fact in _end(adapter):
        _tell_in_thread(run, fact)


def _end(adapter: Adapter | None) -> list[Fact]:
    # Without a single chunk there is nothing to tell the API by, and nothing that it would change.
    return [CUT.fact({})] if adapter is None else adapter.finish()


async def _chunks(stream: AsyncIterable[object] | Iterable[object]) -> AsyncIterator[object]:
    if isinstance(stream, AsyncIterable):
        async for chunk in stream:
            yield chunk
        return
    # A stream of a synchronous client waits for the network, which must not hold up the loop.
    chunks: Iterator[Any] = iter(stream)
    while (chunk := await asyncio.to_thread(next, chunks, _END)) is not _END:
        yield chunk


async def _tell(run: RunHandle, fact: Fact) -> None:
    if fact.type not in ("text.delta", "reasoning.delta"):
        await run.emit(*fact)
        return
    say = run.text if fact.type == "text.delta" else run.reasoning
    try:
        say(fact.data["text"], part=fact.data["part"])
    except BufferFull:
        if run.fails_when_full:
            raise
        await run.ready()
        say(fact.data["text"], part=fact.data["part"])


def _tell_in_thread(run: SyncRunHandle, fact: Fact) -> None:
    if fact.type == "text.delta":
        run.text(fact.data["text"], part=fact.data["part"])
    elif fact.type == "reasoning.delta":
        run.reasoning(fact.data["text"], part=fact.data["part"])
    else:
        run.emit(*fact)
