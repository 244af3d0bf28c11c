"""The packet: the sealed answer of a run that ended."""

from hashlib import sha256
from typing import Any

import pytest

from durable_streaming.schemas import canonical
from tests.processors.fold.support import RUN, Log, fold


def hexdigest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_every_named_field() -> None:
    log = Log().start().text(1, "a").text(2, "b").add("x.note", 3)
    data = {"answer": {"text": "claimed"}, "usage": {"tokens": 12, "cost": 1.50, "none": None}}
    result = fold(log.add("run.completed", 4, data))
    assert result.packet == {
        "schema_version": 1,
        "run_id": RUN,
        "status": "completed",
        "agent": "guide",
        "title": None,
        "model": None,
        "thread_id": None,
        "parent_run_id": None,
        "tags": {},
        "text": "claimed",
        "text_chunks": 0,
        "text_sha256": hexdigest("claimed"),
        "plan": None,
        "steps": [],
        "sources": [],
        "checks": [],
        "tools": [],
        "usage": {"tokens": 12, "cost": 1.5, "none": None},
        "error": None,
        "started_at": "2026-11-23T15:00:00Z",
        "ended_at": "2026-11-23T15:00:04Z",
        "producer_epoch": 0,
        "highest_seq": 4,
        "counts": {"events": 5, "steps": 0, "sources": 0, "checks": 0, "tools": 0},
        "events": {"partition": 0, "first_offset": 0, "last_offset": 4, "count": 5},
    }
    value = result.store.get("packets", RUN.encode())
    assert value is not None
    assert canonical(result.packet) == value
    assert b'"cost":1.5,' in value


@pytest.mark.parametrize(
    ("kind", "data", "status", "error"),
    [
        ("run.completed", None, "completed", None),
        ("run.cancelled", {"reason": "enough"}, "cancelled", None),
        (
            "run.failed",
            {"error": {"type": "cut" * 200, "message": "m" * 600, "code": 1}},
            "failed",
            {"type": ("cut" * 200)[:500], "message": "m" * 500},
        ),
    ],
)
def test_statuses(kind: str, data: Any, status: str, error: Any) -> None:
    packet = fold(Log().start().text(1, "so far").add(kind, 2, data)).packet
    assert (packet["status"], packet["error"], packet["usage"]) == (status, error, None)
    assert packet["text"] == "so far"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (None, "onetwothree"),
        ({"text": ""}, ""),
        ({"text": "claimed", "length": 1, "sha256": "0" * 64}, "claimed"),
        ({"length": 3, "sha256": "0" * 64, "parts": [2]}, "three"),
        ({"length": 3, "sha256": "0" * 64, "parts": [2, 0]}, "threeone"),
        ({"length": 3, "sha256": "0" * 64, "parts": [7]}, ""),
        ({"length": 3, "sha256": "0" * 64, "parts": []}, ""),
    ],
)
def test_text_is_the_claimed_one_or_the_streamed_parts(answer: Any, text: str) -> None:
    log = Log().start().text(1, "thr", part=2).text(2, "one").text(3, "two", part=1)
    packet = fold(log.text(4, "ee", part=2).complete(5, answer)).packet
    assert packet["text"] == text
    assert packet["text_sha256"] == hexdigest(text)


def test_parts_where_only_part_0_was_streamed() -> None:
    log = Log().start().text(1, "one").complete(2, {"text": "", "parts": [1]})
    assert fold(log).verdict["text"]["streamed_length"] == 0
    log = Log().start().text(1, "one").complete(2, {"text": "one", "parts": [1, 0]})
    assert fold(log).verdict["verdict"] == "reconciled"


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        pytest.param("a" * 524_286, 0, id="exactly the limit, with its quotes"),
        pytest.param("a" * 524_287, 8, id="one more"),
        pytest.param("\n" * 262_143, 0, id="escapes count"),
        pytest.param("\n" * 262_144, 4, id="escapes count: one more"),
        pytest.param("\U0001f600" * 131_072, 2, id="bytes decide, code points are cut"),
    ],
)
def test_a_long_text_stands_in_chunks(text: str, chunks: int) -> None:
    log = Log().start()
    deltas = [text[at : at + 100_000] for at in range(0, len(text), 100_000)]
    for seq, delta in enumerate(deltas, 1):
        log.text(seq, delta)
    result = fold(log.complete(len(deltas) + 1))
    assert result.packet["text_chunks"] == chunks
    assert result.packet["text"] == (None if chunks else text)
    assert result.packet["text_sha256"] == hexdigest(text)
    stored = [result.value("packets", b"run-1#%d" % number) for number in range(chunks)]
    assert "".join(chunk.pop("text") for chunk in stored) == text * (chunks > 0)
    assert stored == [
        {"schema_version": 1, "run_id": RUN, "chunk": number} for number in range(chunks)
    ]
    assert result.value("packets", b"run-1#%d" % chunks) is None
    if chunks:
        first = result.value("packets", b"run-1#0")["text"]
        assert len(first) == 65_536


def test_ended_draft_leaves_nothing_behind() -> None:
    log = (
        Log().start().text(1, "a" * 3000).add("source.added", 2, {"source_id": "s", "kind": "url"})
    )
    result = fold(log.complete(3))
    assert list(result.store.scan("drafts", b"")) == []
    assert [key for key, _ in result.store.scan("state", b"")] == [b"#position"]
