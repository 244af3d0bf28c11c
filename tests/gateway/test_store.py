"""The store's contract: what was written is there, in order, also after a reopening."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable_streaming.gateway.errors import StoreDamagedError, StoreLockedError
from durable_streaming.gateway.frames import Tokens, entries
from durable_streaming.gateway.store import (
    Database,
    DerivedStore,
    EventStore,
    Identity,
    Incoming,
    RunIndex,
    Summary,
    keys,
    open_database,
)
from durable_streaming.gateway.store.derived import DerivedRecord
from durable_streaming.gateway.store.joined import Joined
from tests.gateway.builders import head, packet, reconciliation

IDENTITY = Identity("epoch-1", 4, {"drafts": "a"})
TOKENS = Tokens("epoch-1", 4)
ALL = {"limit": 10_000, "max_bytes": 10**9}


def incoming(run_id: str, offset: int, seq: int | None = None, *, partition: int = 0) -> Incoming:
    frame = TOKENS.event_frame(partition, offset, b'"%b@%d"' % (run_id.encode(), offset))
    start_offset = offset if seq == 0 else -1
    return Incoming(
        run_id, partition, [offset], [frame], [1_000 + offset], len(frame), start_offset
    )


def read(store: EventStore, run_id: str, start: int = 0, **bounds: int) -> list[int]:
    """Read events; gives their offsets, after a look at what else comes back."""
    chunk = store.read(run_id, start, **{**ALL, **bounds})
    if chunk is None:
        return []
    events = [json.loads(entry) for entry in entries(chunk)]
    offsets = [event["offset"] for event in events]
    assert [event["event"] for event in events] == [f"{run_id}@{offset}" for offset in offsets]
    assert (chunk.frames, chunk.next_offset) == (len(offsets), offsets[-1] + 1)
    return offsets


def fill(store: EventStore, runs: int, events: int) -> None:
    for number in range(events):
        batch = [incoming(f"run-{r}", number * runs + r, number) for r in range(runs)]
        store.append(batch, {0: (number + 1) * runs})


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path, IDENTITY)


@pytest.fixture
def store(database: Database) -> EventStore:
    return EventStore(database, "events")


def test_a_run_is_read_from_any_offset(store: EventStore) -> None:
    fill(store, runs=3, events=5)
    assert read(store, "run-1") == [1, 4, 7, 10, 13]
    assert read(store, "run-1", 5) == [7, 10, 13]
    assert read(store, "run-1", 4, end=10) == [4, 7]
    assert read(store, "run-1", 14) == []
    assert read(store, "run-1", limit=2) == [1, 4]
    frame = len(incoming("run-1", 1).frames[0])
    assert read(store, "run-1", max_bytes=frame) == [1]
    assert read(store, "run-1", max_bytes=frame + 1) == [1, 4]


def test_runs_whose_names_begin_alike_stay_apart(store: EventStore) -> None:
    names = ["a", "a-", "a.b", "a:", "aa", "b"]
    store.append([incoming(name, offset) for offset, name in enumerate(names)], {0: 6})
    for offset, name in enumerate(names):
        assert read(store, name) == [offset]


def test_offsets_are_ordered_as_numbers(store: EventStore) -> None:
    offsets = [1, 9, 10, 255, 256, 65_536, 2**40, 2**62]
    store.append([incoming("r", offset) for offset in offsets], {0: 2**62 + 1})
    assert read(store, "r") == offsets


@settings(deadline=None)  # A database is made for each example.
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.data())
def test_what_is_held_and_what_is_written_are_read_as_one(
    sizes: list[int], data: st.DataObject
) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(open_database(Path(directory), IDENTITY)) as database,
    ):
        store = EventStore(database, "events")
        kept: list[int] = []
        for size in sizes:
            first = kept[-1] + 1 if kept else 0
            batch = [incoming("r", first + 2 * n) for n in range(size)]
            store.append(batch, {0: batch[-1].offsets[0] + 1})
            kept += [event.offsets[0] for event in batch]
            if data.draw(st.booleans(), "written"):
                store.write()
            start = data.draw(st.integers(0, kept[-1] + 2), "from")
            end = data.draw(st.integers(start, kept[-1] + 2), "end")
            limit = data.draw(st.integers(1, len(kept)), "limit")
            wanted = [offset for offset in kept if start <= offset < end][:limit]
            assert read(store, "r", start, end=end, limit=limit) == wanted
            row = store.row("r")
            assert row is not None
            assert (row.next_offset, row.events) == (kept[-1] + 1, len(kept))


def test_reading_while_another_thread_writes_misses_and_repeats_nothing(store: EventStore) -> None:
    done = threading.Event()

    def write() -> None:
        for number in range(400):
            store.append([incoming("r", number)], {0: number + 1})
            if number % 3 == 0:
                store.write()
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        row = store.row("r")
        least = 0 if row is None else row.next_offset
        found = read(store, "r")
        assert found == list(range(len(found)))
        assert len(found) >= least
    thread.join()


def test_a_crash_loses_events_and_position_together(tmp_path: Path) -> None:
    database = open_database(tmp_path, IDENTITY)
    store = EventStore(database, "events")
    store.append([incoming("r", 0, 0)], {0: 1})
    store.write_due()
    store.append([incoming("r", 1, 1)], {0: 2})
    store.write_due()
    assert read(store, "r") == [0, 1]
    database.close()
    again = EventStore(open_database(tmp_path, IDENTITY), "events")
    row = again.row("r")
    assert row is not None
    assert (again.position(0), row.next_offset, read(again, "r")) == (1, 1, [0])


_WRITES_FOR_EVER = """
import itertools, sys
from pathlib import Path
from durable_streaming.gateway.store import EventStore, Incoming, open_database
from tests.gateway.test_store import IDENTITY, TOKENS
store = EventStore(open_database(Path(sys.argv[1]), IDENTITY), "events")
for offset in itertools.count():
    frame = TOKENS.event_frame(0, offset, b'"%s"' % (b"long " * 4_000))
    store.append([Incoming("r", 0, [offset], [frame], [offset], len(frame))], {0: offset + 1})
    store.write()
    print(offset, flush=True)
"""


def test_a_killed_process_leaves_events_and_position_of_one_moment(tmp_path: Path) -> None:
    """Long events, so that more is written than RocksDB holds in memory."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITES_FOR_EVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) == 2_500:
                break
        child.kill()
    store = EventStore(open_database(tmp_path, IDENTITY), "events")
    position = store.position(0)
    assert position is not None
    assert position > 0
    row = store.row("r")
    assert row is not None
    assert (row.next_offset, row.events) == (position, position)
    kept = 0
    while (chunk := store.read("r", kept, **ALL)) is not None:
        kept = chunk.next_offset
    assert kept == position


@pytest.mark.parametrize(
    "value",
    [b"\xff no chunk", Joined([5], [], b"").encode(), Joined([], [], b"").encode()],
)
def test_a_damaged_chunk_is_said_to_be_one(
    database: Database, store: EventStore, value: bytes
) -> None:
    batch = database.batch()
    batch.put(keys.chunk(b"r", 5), value)
    database.write(batch)
    with pytest.raises(StoreDamagedError):
        store.read("r", 0, **ALL)


def test_append_says_where_the_run_stood(store: EventStore) -> None:
    first, second, third = incoming("r", 4), incoming("r", 9), incoming("r", 12)
    store.append([first, second], {0: 10})
    store.write()
    store.append([third], {0: 13})
    assert (first.floor, second.floor, third.floor) == (0, 5, 10)


def test_a_long_run_lies_in_several_chunks(database: Database, store: EventStore) -> None:
    count = 3_000
    store.append([incoming("r", 2 * number) for number in range(count)], {0: 2 * count})
    store.write()
    assert len(list(database.scan(keys.chunk(b"r", 0), keys.chunks_end(b"r")))) > 2
    offsets = list(range(0, 2 * count, 2))
    assert read(store, "r") == offsets
    # Any length of a reader's steps, and so any place in a chunk.
    cursor, seen = 0, list[int]()
    while some := read(store, "r", cursor, max_bytes=10_000):
        seen += some
        cursor = some[-1] + 1
    assert seen == offsets


def test_rows_and_positions_survive_a_reopening(tmp_path: Path) -> None:
    database = open_database(tmp_path, IDENTITY)
    store = EventStore(database, "events")
    store.append([incoming("r", 3, 0), incoming("r", 5, 1)], {0: 6})
    store.write()
    database.close()
    store = EventStore(open_database(tmp_path, IDENTITY), "events")
    assert (store.position(0), store.position(1)) == (6, None)
    row = store.row("r")
    assert row is not None
    assert (row.first_offset, row.next_offset, row.start_offset, row.events) == (3, 6, 3, 2)
    later = incoming("r", 8, 2)
    store.append([later], {0: 9})
    assert later.floor == 6


def test_retention_is_followed(store: EventStore) -> None:
    fill(store, runs=2, events=1)
    store.write()
    # A chunk that the watermark will lie in.
    store.append([incoming(f"run-{o % 2}", o, o // 2) for o in range(2, 8)], {0: 8})
    store.append([incoming("elsewhere", 1, 0, partition=1)], {1: 2})
    assert store.expire({0: 3, 1: 0}) == 2
    assert read(store, "run-0") == [4, 6]
    row = store.row("run-0")
    assert row is not None
    assert (row.first_offset, row.is_truncated(3), row.is_truncated(0)) == (4, True, False)
    assert read(store, "elsewhere") == [1]
    store.expire({0: 8})
    assert store.row("run-0") is None


def test_a_store_of_another_topic_starts_empty(tmp_path: Path) -> None:
    database = open_database(tmp_path, IDENTITY)
    store = EventStore(database, "events")
    store.append([incoming("r", 3)], {0: 4})
    store.write()
    database.close()
    other = open_database(tmp_path, Identity("epoch-2", 4, {"drafts": "a"}))
    assert EventStore(other, "events").row("r") is None
    assert EventStore(other, "events").position(0) is None


def test_a_store_is_for_one_process(tmp_path: Path) -> None:
    database = open_database(tmp_path, IDENTITY)
    with pytest.raises(StoreLockedError, match="DURABLE_DATA_DIR"):
        open_database(tmp_path, IDENTITY)
    database.close()


def test_a_damaged_store_starts_empty(tmp_path: Path) -> None:
    database = open_database(tmp_path, IDENTITY)
    database.close()
    (tmp_path / "CURRENT").write_bytes(b"\0\0\0")
    assert EventStore(open_database(tmp_path, IDENTITY), "events").row("r") is None


def test_a_closed_store_says_so(database: Database) -> None:
    database.close()
    with pytest.raises(StoreDamagedError):
        database.get(b"m")


class CountingDatabase(Database):
    """Knows how many entries its readers went over."""

    scanned = 0

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        for entry in super().scan(start, end):
            self.scanned += 1
            yield entry


def test_reading_a_run_costs_what_the_run_is_long(tmp_path: Path) -> None:
    database = CountingDatabase(tmp_path)
    store = EventStore(database, "events")
    for number in range(10):
        batch = [incoming(f"run-{r}", number * 400 + r, number) for r in range(400)]
        store.append(batch, {0: (number + 1) * 400})
        store.write()
    assert len(read(store, "run-7")) == 10
    assert database.scanned == 10
    assert len(read(store, "run-7", 5 * 400)) == 5
    assert database.scanned == 15


def test_summaries_come_from_all_three_topics(database: Database) -> None:
    store = DerivedStore(database)
    changed = store.apply([DerivedRecord("drafts", b"r", head("r", 4))], {("drafts", 0): 1})
    assert (changed["r"].status, changed["r"].applied) == ("running", 4)
    store.apply([DerivedRecord("packets", b"r", packet("r"))], {})
    store.apply([DerivedRecord("reconciliations", b"r", reconciliation("r", 9))], {})
    summary = store.summary("r")
    assert summary is not None
    assert (summary.status, summary.verdict, summary.settled) == ("completed", "reconciled", True)
    assert (summary.applied, summary.agent, summary.tags) == (9, "guide", {"team": "blue"})
    assert store.position("drafts", 0) == 1


def test_a_draft_goes_as_a_whole_once_the_run_is_settled(database: Database) -> None:
    store = DerivedStore(database)
    records = [
        DerivedRecord("drafts", b"r#0", b'{"text":""}'),
        DerivedRecord("drafts", b"r", head("r", 1, chunks=1)),
        DerivedRecord("drafts", b"r#0", None),
        DerivedRecord("drafts", b"r", None),
        DerivedRecord("packets", b"r", packet("r")),
    ]
    store.apply(records, {})
    assert store.view("r").value("drafts") is not None
    assert store.view("r").chunk("drafts", 0) is not None
    store.apply([DerivedRecord("reconciliations", b"r", reconciliation("r", 1))], {})
    assert store.view("r").value("drafts") is None
    assert store.view("r").chunk("drafts", 0) is None


def test_a_view_is_of_one_moment(database: Database) -> None:
    store = DerivedStore(database)
    view = store.view("r")
    store.apply([DerivedRecord("packets", b"r", packet("r"))], {})
    assert view.value("packets") is None
    assert store.view("r").value("packets") == packet("r")


def test_the_newest_run_is_listed_first(database: Database, store: EventStore) -> None:
    for offset, name in enumerate(["first", "second", "third"]):
        store.append([incoming(name, offset)], {0: offset + 1})
    store.append([incoming("first", 9)], {0: 10})
    store.write_due()
    index = RunIndex(database, store)
    page = index.page(limit=2, cursor=None, wanted=lambda *_: True)
    assert [run.run_id for run in page.runs] == ["third", "second"]
    rest = index.page(limit=2, cursor=page.next_cursor, wanted=lambda *_: True)
    assert [run.run_id for run in rest.runs] == ["first"]
    assert rest.next_cursor is None


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "!"])
def test_a_cursor_of_elsewhere_is_refused(
    database: Database, store: EventStore, cursor: str
) -> None:
    with pytest.raises(ValueError, match="cursor"):
        RunIndex(database, store).page(limit=1, cursor=cursor, wanted=lambda *_: True)


def test_an_expired_run_that_gets_a_late_record_is_listed_once(
    database: Database, store: EventStore
) -> None:
    DerivedStore(database).apply([DerivedRecord("packets", b"r", packet("r"))], {})
    index = RunIndex(database, store)
    assert index.adopt_orphans() == 1
    store.append([incoming("r", 7)], {0: 8})
    store.write_due()
    page = index.page(limit=9, cursor=None, wanted=lambda *_: True)
    assert [run.run_id for run in page.runs] == ["r"]


def test_a_summary_without_packet_is_not_settled() -> None:
    assert not Summary(verdict="reconciled").settled
    assert not Summary(status="completed").settled
