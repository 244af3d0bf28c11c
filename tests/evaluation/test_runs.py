import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from durable_streaming.evaluation import (
    LogShrank,
    export_runs,
    pin,
    read_partition,
    read_runs,
)
from tests.evaluation.worlds import PARTITIONS, TOPICS, World, event, home


@pytest.fixture
def world() -> World:
    world = World()
    world.run("ended", "Kafka ", "keeps")
    world.run("long", *["x" * 1_000] * 600)
    world.run("running", *["y" * 1_500] * 4, end=False)
    world.append("ended", b"garbage")
    return world


def test_every_run_is_folded_from_the_beginning(world: World) -> None:
    runs = {run.run_id: run for run in read_runs(world.log, TOPICS)}
    assert set(runs) == {"ended", "long", "running"}
    ended = runs["ended"]
    assert (ended.status, ended.verdict, ended.text) == ("completed", "reconciled", "Kafka keeps")
    assert [e.event.seq for e in ended.entries] == [0, 1, 2, 3]
    # Longer than one record takes: joined from its chunks.
    assert runs["long"].text == "x" * 600_000
    running = runs["running"]
    assert (running.status, running.verdict, running.text) == ("running", None, "y" * 6_000)


def test_parts_are_joined_in_their_order() -> None:
    world = World()
    world.run("parts", end=False)
    for seq, (part, text) in enumerate([(1, "b"), (0, "a" * 3_000), (1, "c")], 1):
        world.append("parts", event("parts", seq, "text.delta", {"text": text, "part": part}))
    (run,) = read_runs(world.log, TOPICS)
    assert run.text == "a" * 3_000 + "bc"


def test_the_end_is_pinned_once(world: World) -> None:
    pinned = pin(world.log, TOPICS.events)
    world.run("later", "text")
    assert "later" not in {run.run_id for run in read_runs(world.log, TOPICS, pinned=pinned)}
    count = sum(1 for p in range(PARTITIONS) for _ in read_partition(world.log, pinned, p))
    assert count == pinned.size == 4 + 602 + 5 + 1


def test_progress_reaches_the_end(world: World) -> None:
    seen: list[tuple[int, int]] = []
    list(read_runs(world.log, TOPICS, on_progress=lambda done, of: seen.append((done, of))))
    assert seen[-1] == (612, 612)
    assert seen == sorted(seen)


def test_a_log_that_shrinks_while_it_is_read_is_said(world: World) -> None:
    pinned = pin(world.log, TOPICS.events)
    world.log.admin().delete_before({(TOPICS.events, home("ended")): 1})
    with pytest.raises(LogShrank, match="begin again"):
        list(read_runs(world.log, TOPICS, pinned=pinned))


def test_exports_are_complete_and_agree(world: World, tmp_path: Path) -> None:
    counts = export_runs(read_runs(world.log, TOPICS), tmp_path, "ndjson")
    assert counts == {"runs": 3, "events": 611, "reconciliations": 2}
    assert export_runs(read_runs(world.log, TOPICS), tmp_path / "p", "parquet") == counts
    for name, count in counts.items():
        lines = [
            json.loads(line) for line in (tmp_path / f"{name}.ndjson").read_text().splitlines()
        ]
        rows = pq.read_table(tmp_path / "p" / f"{name}.parquet").to_pylist()
        assert len(lines) == count
        assert rows == lines
