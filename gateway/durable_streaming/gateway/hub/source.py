"""Where frames come from: the ring, else the store; one answer for all who stand at one place."""

from __future__ import annotations

from collections import OrderedDict

from durable_streaming.gateway.frames import Chunk
from durable_streaming.gateway.hub.feed import Feed
from durable_streaming.gateway.metrics import Tally
from durable_streaming.gateway.store import EventStore

_CACHE_BYTES = 16 * 1024 * 1024
_MAX_EVENTS = 1_000


class FrameSource:
    """Gives the frames of a run from a cursor on.

    Chunks read from the store are kept for a while: viewers who replay one run from its start
    ask for the same chunks one after the other. Only full chunks are kept, for only they can't
    grow any more.
    """

    def __init__(self, store: EventStore, tally: Tally, cache_bytes: int = _CACHE_BYTES) -> None:
        self._store = store
        self._cache_bytes = cache_bytes
        self._cached_bytes = 0
        self._cache: OrderedDict[tuple[str, int], Chunk] = OrderedDict()
        self._tally = tally

    def take(self, feed: Feed, cursor: int, end: int, max_bytes: int) -> Chunk | None:
        """Join frames of a run from `cursor` up to offset `end`, at most about `max_bytes`.

        Returns:
            None where the run has nothing there (yet).
        """
        if feed.ring.covers(cursor):
            self._tally.from_ring += 1
            return feed.ring.take(cursor, end, max_bytes)
        cached = self._cache.get((feed.run_id, cursor))
        if cached is not None and cached.next_offset <= end:
            self._tally.from_cache += 1
            self._cache.move_to_end((feed.run_id, cursor))
            return cached
        self._tally.from_store += 1
        return self._read(feed, cursor, end, max_bytes)

    def _read(self, feed: Feed, cursor: int, end: int, max_bytes: int) -> Chunk | None:
        chunk = self._store.read(
            feed.run_id, cursor, limit=_MAX_EVENTS, max_bytes=max_bytes, end=end
        )
        if chunk is not None and (chunk.frames == _MAX_EVENTS or len(chunk.data) >= max_bytes):
            self._keep((feed.run_id, cursor), chunk)
        return chunk

    def _keep(self, key: tuple[str, int], chunk: Chunk) -> None:
        old = self._cache.pop(key, None)
        self._cached_bytes += len(chunk.data) - (len(old.data) if old is not None else 0)
        self._cache[key] = chunk
        while self._cached_bytes > self._cache_bytes:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped.data)
