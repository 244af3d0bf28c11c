"""Which events wait to be joined, and that joining gives every viewer each event once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable_streaming.eventlog import Record
from durable_streaming.gateway.frames import Tokens, payloads
from durable_streaming.gateway.hub import Connection, Hub, Limits
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.store import Database, EventStore, Identity, Incoming, open_database
from durable_streaming.gateway.tail import EventSink
from durable_streaming.schemas import decode, partition_for
from tests.gateway.builders import PARTITIONS, event, started

TOKENS = Tokens("epoch-1", PARTITIONS)
IDENTITY = Identity("epoch-1", PARTITIONS, {})
INTERVAL_S = 0.03
PAUSE_S = 0.1


class Kept:
    """A hand-over that keeps what it is given."""

    def __init__(self) -> None:
        self.batches: list[list[Incoming]] = []

    def put(self, batch: list[Incoming], size: int) -> None:
        assert size == sum(map(len, (frame for events in batch for frame in events.frames)))
        self.batches.append(batch)

    def taken(self) -> list[tuple[str, list[int]]]:
        """What was handed over since the last look: runs with their offsets."""
        found = [(events.run_id, events.offsets) for batch in self.batches for events in batch]
        self.batches.clear()
        return found


class Bench:
    """A sink over a store of its own."""

    def __init__(self, database: Database) -> None:
        self.now = 100.0
        self.store = EventStore(database, "events")
        self.kept = Kept()
        self.sink = EventSink(
            self.store,
            TOKENS,
            self.kept,  # type: ignore[arg-type]
            Metrics(),
            interval=lambda: INTERVAL_S,
            pause=PAUSE_S,
            clock=lambda: self.now,
        )
        self._offset = 0

    def take(self, *events: tuple[str, bytes, int]) -> None:
        """Give the sink a batch: run, event and the broker's time, milliseconds."""
        records = []
        positions = {}
        for run_id, value, time_ms in events:
            key = run_id.encode()
            partition = partition_for(key, PARTITIONS)
            records.append(Record("events", partition, self._offset, key, value, time_ms))
            self._offset += 1
            positions["events", partition] = self._offset
        self.sink.take(records, positions)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(open_database(tmp_path, IDENTITY))


def plain(run_id: str, seq: int) -> bytes:
    """A delta as most producers write it: without spaces."""
    return (
        b'{"schema_version":1,"run_id":"%b","type":"text.delta","seq":%d,"producer_id":"p-1",'
        b'"producer_epoch":0,"time":"2026-11-23T15:40:27.518Z","data":{"text":"word"}}'
        % (run_id.encode(), seq)
    )


def test_text_waits_for_the_interval_and_is_joined(bench: Bench) -> None:
    bench.take(("r", started("r"), 1_000), ("s", started("s"), 1_000))
    bench.take(("r", plain("r", 1), 1_010))
    bench.kept.taken()
    bench.take(("r", plain("r", 2), 1_020), ("r", event("r", 3), 1_021))
    bench.take(("s", plain("s", 1), 1_021))
    assert bench.sink.due_in() == pytest.approx(INTERVAL_S)
    bench.now += INTERVAL_S / 2
    bench.take(("r", plain("r", 4), 1_030))
    assert bench.kept.taken() == []
    bench.now += bench.sink.due_in()
    bench.take()
    assert bench.kept.taken() == [("r", [3, 4, 6]), ("s", [5])]
    assert bench.sink.due_in() > INTERVAL_S


def test_what_must_not_wait_takes_along_what_stands_before_it_in_its_run(bench: Bench) -> None:
    bench.take(("a", started("a"), 1_000), ("b", started("b"), 1_000))
    bench.take(("a", plain("a", 1), 1_001), ("b", plain("b", 1), 1_001))
    bench.kept.taken()
    bench.take(("a", plain("a", 2), 1_002), ("b", plain("b", 2), 1_002))
    assert bench.kept.taken() == []
    bench.take(("a", event("a", 3, "step.started", step_id="s"), 1_003))
    assert bench.kept.taken() == [("a", [4, 6])]


def test_the_first_event_after_a_pause_of_the_run_goes_at_once(bench: Bench) -> None:
    bench.take(("r", started("r"), 1_000))
    bench.take(("r", plain("r", 1), 1_001))
    bench.kept.taken()
    bench.take(("r", plain("r", 2), 1_050))
    assert bench.kept.taken() == []
    bench.take(("r", plain("r", 3), 1_150))
    assert bench.kept.taken() == [("r", [2, 3])]


def test_a_plain_delta_is_taken_as_the_judge_takes_it(bench: Bench) -> None:
    """The run is known by then; what is wrong with key, partition or text is still seen."""
    key, value = b"r", plain("r", 1)
    home = partition_for(key, PARTITIONS)
    bench.take(("r", started("r"), 1_000))
    elsewhere = (home + 1) % PARTITIONS
    records = [
        Record("events", home, 1, key, value, 1_001),
        Record("events", elsewhere, 1, key, value, 1_001),
        Record("events", home, 2, b"s", value, 1_001),
        Record("events", home, 3, None, value, 1_001),
        Record("events", home, 4, key, value[:-1], 1_001),
        Record("events", home, 5, key, value, 1_001),
    ]
    bench.sink.take(records, {("events", home): 6, ("events", elsewhere): 2})
    found = bench.store.read("r", 0, limit=100, max_bytes=10**6)
    assert found is not None
    assert [decode(text)["offset"] for text in payloads(found.data)] == [0, 1, 5]


class OpenSocket:
    """A socket whose peer reads everything, or nothing for a while."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.congested = False
        self.buffered_bytes = 0

    @property
    def writer(self) -> Callable[[bytes], object] | None:
        return None if self.congested else self.write

    def write(self, frames: bytes) -> None:
        self.data.append(frames)

    def close(self, code: int, reason: str = "") -> None:
        raise AssertionError("nobody closes it")

    def seen(self) -> list[int | str]:
        """Offsets of the events, and `caught_up` where that was said."""
        found = [decode(text) for text in payloads(b"".join(self.data))]
        return [frame.get("offset", frame["type"]) for frame in found]


class Viewed:
    """The way from the store to sockets, step by step: read, hand over, flush, come, go."""

    def __init__(self, database: Database) -> None:
        self.store = EventStore(database, "events")
        limits = Limits(ring_bytes=400, chunk_bytes=300)
        self.hub = Hub(self.store, TOKENS, lambda _: 0, limits, Metrics(), self._damaged)
        self.read: list[Incoming] = []
        self.next_offset = 0
        self.viewers: list[tuple[int, OpenSocket, Connection]] = []

    def append(self, count: int) -> None:
        offsets = [self.next_offset + 2 * n for n in range(count)]
        self.next_offset = offsets[-1] + 2
        frames = [TOKENS.event_frame(0, offset, b"{}") for offset in offsets]
        events = Incoming("r", 0, offsets, frames, offsets[:], sum(map(len, frames)))
        self.store.append([events], {0: self.next_offset})
        self.read.append(events)

    def hand_over(self) -> None:
        batch, self.read = self.read, []
        for events in batch:
            self.hub.apply([events])

    def come(self) -> None:
        row = self.store.row("r")
        if row is None:
            return
        socket = OpenSocket()
        connection = Connection(socket, lambda: 0.0, lambda _: None, lambda _: None)
        cursor = self.next_offset if len(self.viewers) % 2 else 0
        subscription = self.hub.attach(connection, "r", row, None, cursor)
        self.hub.delivery.pump(subscription)
        self.viewers.append((cursor, socket, connection))

    def go(self) -> None:
        if self.viewers:
            self.hub.detach(self.viewers[0][2], "r")
            self.viewers.pop(0)

    def stall(self) -> None:
        for _, socket, connection in self.viewers:
            socket.congested = not socket.congested
            if not socket.congested:
                self.hub.resume(connection)

    def _damaged(self, error: BaseException) -> None:
        raise error


@settings(deadline=None)
@given(steps=st.lists(st.sampled_from("aaahhcgsw."), min_size=4, max_size=40))
async def test_whenever_a_viewer_comes_each_event_reaches_it_once(steps: list[str]) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(open_database(Path(directory), IDENTITY)) as database,
    ):
        viewed = Viewed(database)
        for number, step in enumerate(steps):
            match step:
                case "a":
                    viewed.append(1 + number % 3)
                case "h":
                    viewed.hand_over()
                case "c":
                    viewed.come()
                case "g":
                    viewed.go()
                case "s":
                    viewed.stall()
                case "w":
                    viewed.store.write()
                case _:
                    await asyncio.sleep(0)
        viewed.hand_over()
        for _, socket, connection in viewed.viewers:
            socket.congested = False
            viewed.hub.resume(connection)
        await asyncio.sleep(0)
        for cursor, socket, _ in viewed.viewers:
            seen = [one for one in socket.seen() if one != "caught_up"]
            assert seen == list(range(cursor, viewed.next_offset, 2))
            assert socket.seen().count("caught_up") == 1
