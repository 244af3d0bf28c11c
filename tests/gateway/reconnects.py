"""Viewers that come and go at random moments, and what each of them saw beside the log."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any, Self

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from durable_streaming.eventlog import KafkaLog
from durable_streaming.schemas import partition_for
from tests.gateway.builders import Writer, event, started

# How long a viewer stays at most before it leaves without a word.
_STAY_S = 0.4
_AGAIN_S = 0.02
_EVENTS_A_TURN = 3


class Publishing:
    """Writes events of some runs, in a thread, for as long as the context is open."""

    def __init__(self, writer: Writer, runs: Sequence[str], pause_s: float = 0.02) -> None:
        self._writer = writer
        self._runs = runs
        self._pause_s = pause_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._publish)

    def __enter__(self) -> Self:
        for run_id in self._runs:
            self._writer.append(run_id, started(run_id))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _publish(self) -> None:
        for turn in count():
            for run_id in self._runs:
                first = 1 + turn * _EVENTS_A_TURN
                values = [event(run_id, first + n) for n in range(_EVENTS_A_TURN)]
                self._writer.append(run_id, *values)
            if self._stopped.wait(self._pause_s):
                return


@dataclass
class Follower:
    """One viewer of one run, who reconnects with the token of the last frame that it saw.

    Attributes:
        seen: the offset of each event, in the order of arrival.
        reconnects: connections that went on from a token.
    """

    run_id: str
    over_sse: bool
    ports: Callable[[], int]
    dice: random.Random
    seen: list[int] = field(default_factory=list)
    reconnects: int = 0
    _token: str | None = None

    async def follow(self, is_done: Callable[[Self], bool]) -> None:
        """Come and go until `is_done` says so."""
        async with httpx.AsyncClient(timeout=5) as client:
            while not is_done(self):
                visit = self._visit_sse(client) if self.over_sse else self._visit()
                try:
                    await visit
                except (
                    OSError,
                    EOFError,
                    ConnectionClosed,
                    InvalidHandshake,
                    InvalidMessage,
                    httpx.TransportError,
                ):
                    await asyncio.sleep(_AGAIN_S)

    async def _visit(self) -> None:
        position = "" if self._token is None else f"?after={self._token}"
        url = f"ws://127.0.0.1:{self.ports()}/v1/runs/{self.run_id}/ws{position}"
        async with connect(url, compression=None) as socket:
            first = json.loads(await socket.recv())
            assert first["type"] == "subscribed", first
            assert first["outcome"] in ("up_to_date", "replay"), first
            self._count()
            try:
                async with asyncio.timeout(self._stay_s()):
                    while True:
                        self._take(json.loads(await socket.recv()))
            except TimeoutError:
                # Gone without a word: a closing handshake would first want all that waits.
                socket.transport.abort()

    async def _visit_sse(self, client: httpx.AsyncClient) -> None:
        url = f"http://127.0.0.1:{self.ports()}/v1/runs/{self.run_id}/events"
        headers, query = {"Accept": "text/event-stream", "Connection": "close"}, {}
        if self._token is not None and self.dice.random() < 0.5:
            headers["Last-Event-ID"] = self._token
        elif self._token is not None:
            query["after"] = self._token
        async with client.stream("GET", url, params=query, headers=headers) as response:
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                raise EOFError
            assert response.status_code == httpx.codes.OK, response.status_code
            self._count()
            fields: dict[str, str] = {}
            try:
                async with asyncio.timeout(self._stay_s()):
                    async for line in response.aiter_lines():
                        name, _, value = line.partition(": ")
                        if line:
                            fields[name] = value
                        else:
                            self._take_sse(fields)
                            fields = {}
            except TimeoutError:
                pass

    def _count(self) -> None:
        if self._token is not None:
            self.reconnects += 1

    def _stay_s(self) -> float:
        return self.dice.uniform(0.0, _STAY_S)

    def _take(self, frame: dict[str, Any]) -> None:
        assert frame["type"] in ("event", "caught_up", "lagging", "heartbeat"), frame
        self._token = frame.get("token", self._token)
        if frame["type"] == "event":
            self.seen.append(frame["offset"])

    def _take_sse(self, fields: dict[str, str]) -> None:
        assert fields.get("event", "event") in ("event", "caught_up", "lagging"), fields
        if token := fields.get("id"):
            self._token = token
            if fields["event"] == "event":
                # The token is the position after the event.
                self.seen.append(int(token.rpartition(".")[2]) - 1)


@dataclass(frozen=True)
class Verdict:
    """What viewers saw beside what the log has."""

    events: int
    missed: int
    repeated: int
    out_of_order: int

    @property
    def is_clean(self) -> bool:
        return not (self.missed or self.repeated or self.out_of_order)


def compare(followers: Sequence[Follower], logged: dict[str, list[int]]) -> Verdict:
    """Compare each viewer with the log, offset by offset."""
    missed = repeated = out_of_order = 0
    for follower in followers:
        seen = set(follower.seen)
        missed += len(set(logged[follower.run_id]) ^ seen)
        repeated += len(follower.seen) - len(seen)
        out_of_order += sum(after < before for before, after in pairwise(follower.seen))
    return Verdict(sum(len(f.seen) for f in followers), missed, repeated, out_of_order)


def offsets_in_log(log: KafkaLog, runs: Sequence[str], partitions: int) -> dict[str, list[int]]:
    """Read the topic from its beginning to its end as of now."""
    topic = log.settings.topics.events
    ends = {(topic, p): high for p, (_, high) in log.admin().watermarks(topic).items()}
    places = {(topic, partition_for(run.encode(), partitions)) for run in runs}
    found: dict[str, list[int]] = {run: [] for run in runs}
    deadline = time.monotonic() + 60
    with log.reader(dict.fromkeys(places, 0)) as reader:
        while any(reader.positions[place] < ends[place] for place in places):
            assert time.monotonic() < deadline, "the log can't be read to its end"
            for record in reader.read(0.5):
                if record.key is not None and (run := record.key.decode()) in found:
                    found[run].append(record.offset)
    return found
