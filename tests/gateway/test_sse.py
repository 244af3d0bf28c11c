"""Server-sent events: the WebSocket's cursor, for whoever has only HTTP."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.hub import Limits
from tests.gateway.builders import TOPICS, Writer, event, home, started
from tests.gateway.servers import RunningGateway, gateway, wait_until

SSE = {"Accept": "text/event-stream"}


class Said(NamedTuple):
    kind: str
    id: str | None
    data: Any
    raw: str


class Listener:
    """What a browser's EventSource makes of a stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments: list[str] = []
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[Said]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments.append(line)
            elif line:
                name, _, value = line.partition(": ")
                assert name not in fields
                fields[name] = value
            elif "data" in fields:
                data = fields["data"]
                yield Said(fields["event"], fields.get("id"), json.loads(data), data)
                fields = {}
            else:
                assert set(fields) <= {"retry"}
                fields = {}

    def take(self, count: int) -> list[Said]:
        found: list[Said] = []
        for said in self:
            found.append(said)
            if len(found) == count:
                break
        return found


@contextmanager
def listen(
    running: RunningGateway, path: str = "/v1/runs/r/events", **headers: str
) -> Iterator[Listener]:
    with running.http.stream("GET", path, headers={**SSE, **headers}) as response:
        yield Listener(response)


def test_a_run_from_its_start_to_its_end(running: RunningGateway, writer: Writer) -> None:
    values = [started("r"), event("r", 1), event("r", 2)]
    writer.append("r", *values)
    with listen(running) as one:
        assert one.response.headers["content-type"].startswith("text/event-stream")
        assert one.response.headers["cache-control"] == "no-store"
        seen = one.take(4)
        assert [said.kind for said in seen] == ["event"] * 3 + ["caught_up"]
        # Byte for byte.
        assert [said.raw.encode() for said in seen[:3]] == values
        writer.append("r", event("r", 3, "run.completed"))
        (live,) = one.take(1)
        assert (live.kind, live.data["seq"]) == ("event", 3)
        writer.settle("r", applied=3)
        (closed,) = list(one)
    assert closed.kind == "closed"
    assert (closed.data["status"], closed.data["verdict"]) == ("completed", "reconciled")
    assert live.id == closed.id == closed.data["token"]
    pages = running.get("/v1/runs/r/events").json()["events"]
    assert [entry["token"] for entry in pages] == [said.id for said in (*seen[:3], live)]


def test_a_reconnect_misses_and_repeats_nothing(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 9)
    with listen(running) as one:
        first = one.take(4)
    last = first[-1].id
    assert last is not None
    # What the page's address says is older than what the browser remembers.
    with listen(
        running, f"/v1/runs/r/events?after={first[0].id}", **{"Last-Event-ID": last}
    ) as two:
        rest = two.take(7)
    assert [said.data["seq"] for said in (*first, *rest[:6])] == list(range(10))
    assert rest[6].kind == "caught_up"
    with listen(running, f"/v1/runs/r/events?after={last}") as three:
        assert [said.id for said in three.take(7)] == [said.id for said in rest]


def test_nothing_more_to_come_stops_a_browser(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    writer.settle("r", applied=1)
    wait_until(lambda: running.get("/v1/runs/r/events").json()["closed"])
    with listen(running) as one:
        seen = list(one)
    assert [said.kind for said in seen] == ["event", "event", "caught_up", "closed"]
    again = {**SSE, "Last-Event-ID": str(seen[-1].id)}
    assert running.http.get("/v1/runs/r/events", headers=again).status_code == 204
    # A late record is something more to come, once.
    writer.append("r", event("r", 2))
    with listen(running, **{"Last-Event-ID": str(seen[-1].id)}) as late:
        assert [said.kind for said in late] == ["event", "caught_up", "closed"]


@pytest.mark.parametrize(
    ("query", "last_event_id", "status", "slug"),
    [
        ("?after=x", None, 400, "bad-request"),
        ("?limit=0", None, 400, "bad-request"),
        ("?after=x", "y", 400, "bad-request"),
        ("", "x", 400, "bad-request"),
        ("", "other.0.1", 409, "epoch-changed"),
        ("?from_offset=99", None, 416, "past-the-end"),
    ],
)
def test_what_is_refused(
    shared: RunningGateway, query: str, last_event_id: str | None, status: int, slug: str
) -> None:
    headers = SSE if last_event_id is None else {**SSE, "Last-Event-ID": last_event_id}
    refused = shared.http.get(f"/v1/runs/r/events{query}", headers=headers)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (status, slug)


def test_an_unknown_run_is_refused(shared: RunningGateway) -> None:
    assert shared.http.get("/v1/runs/nobody/events", headers=SSE).status_code == 404


def test_silence_is_filled_with_comments(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    with (
        gateway(tmp_path, log, limits=Limits(heartbeat=0.5)) as running,
        listen(running) as one,
    ):
        one.take(3)
        found = next(iter(one._lines))
    assert found.startswith(": heartbeat ")


def test_retention_that_overtakes_a_stream_is_said(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.append("r", started("r"), *(event("r", n, text="x" * 90_000) for n in range(1, 200)))
    with gateway(tmp_path, log) as running, listen(running) as slow:
        first = slow.take(1)
        log.admin().delete_before({(TOPICS.events, home("r")): 198})
        wait_until(lambda: running.get("/v1/runs/r/events", limit=1).status_code == 410)
        seen = [*first, *slow]
    *events, error = seen
    assert error.kind == "error"
    assert error.data["code"] == "offset-expired"
    assert error.id is None
    # Up to the error without a hole.
    assert [said.data["seq"] for said in events] == list(range(len(events)))
    assert error.data["token"] == events[-1].id


def test_a_peer_that_stops_reading_is_cut(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.append("r", started("r"), *(event("r", n, text="x" * 90_000) for n in range(1, 200)))
    with gateway(tmp_path, log, limits=Limits(send_deadline=1.0)) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as stalled:
            stalled.sendall(
                b"GET /v1/runs/r/events HTTP/1.1\r\nHost: localhost\r\n"
                b"Accept: text/event-stream\r\n\r\n"
            )
            hub = running.engine.current.hub
            wait_until(lambda: hub.ladder.connections)
            wait_until(lambda: not hub.ladder.connections)
        assert running.get("/v1/runs/r").status_code == 200


def test_a_peer_that_goes_is_forgotten(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    with listen(running) as one:
        one.take(3)
        hub = running.engine.current.hub
        assert len(hub.ladder.connections) == 1
    wait_until(lambda: not hub.ladder.connections)


def test_a_stopping_gateway_ends_streams(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    with gateway(tmp_path, log) as running:
        client = httpx.Client(base_url=running.http.base_url, timeout=10)
        streaming = client.stream("GET", "/v1/runs/r/events", headers=SSE)
        one = Listener(streaming.__enter__())
        one.take(3)
    assert list(one) == []
    streaming.__exit__(None, None, None)
    client.close()


def test_a_stream_that_begins_amid_events_has_no_seam(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 1)
    until = 400

    def follow(delay_s: float) -> list[int]:
        time.sleep(delay_s)
        seen: list[int] = []
        with httpx.Client(base_url=running.http.base_url, timeout=10) as client:
            position: dict[str, str] = {}
            while not seen or seen[-1] < until:
                headers = {**SSE, **position}
                with client.stream("GET", "/v1/runs/r/events", headers=headers) as response:
                    # Goes away in the middle, each time after a few more.
                    for taken, said in enumerate(Listener(response)):
                        position = {"Last-Event-ID": str(said.id)}
                        if said.kind == "event":
                            seen.append(said.data["seq"])
                        if taken == 40 or seen[-1:] == [until]:
                            break
        return seen

    with ThreadPoolExecutor(8) as pool:
        followers = [pool.submit(follow, number / 20) for number in range(8)]
        for number in range(2, until + 1):
            writer.append("r", event("r", number))
            time.sleep(0.002)
        assert all(one.result() == list(range(until + 1)) for one in followers)
