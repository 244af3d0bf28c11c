"""Events, derived records and logs for tests."""

from __future__ import annotations

import json
from typing import Any

from durable_streaming.eventlog import Log, MemoryLog
from durable_streaming.schemas import Topics, partition_for

TOPICS = Topics("t.")
PARTITIONS = 4


def event(run_id: str, seq: int | None, kind: str = "text.delta", **data: Any) -> bytes:
    """One valid event, written the way a producer in another language might: with spaces."""
    body: dict[str, Any] = {
        "schema_version": 1,
        "run_id": run_id,
        "type": kind,
        "time": "2026-11-23T15:40:27.518Z",
        "data": data or ({"text": f"word {seq} "} if kind == "text.delta" else {}),
    }
    if seq is not None:
        body |= {"seq": seq, "producer_id": "p-1", "producer_epoch": 0}
    return json.dumps(body).encode()


def started(run_id: str) -> bytes:
    return event(run_id, 0, "run.started", agent="guide", title="A question")


def facts(run_id: str, **more: Any) -> dict[str, Any]:
    """What draft head and packet share."""
    return {
        "schema_version": 1,
        "run_id": run_id,
        "agent": "guide",
        "title": "A question",
        "model": None,
        "thread_id": "thread-1",
        "parent_run_id": None,
        "tags": {"team": "blue"},
        "started_at": "2026-11-23T15:40:27.518Z",
        "plan": None,
        "steps": [],
        "sources": [],
        "checks": [],
        "tools": [],
        "producer_epoch": 0,
        "highest_seq": 1,
        "counts": {"events": 2, "steps": 0, "sources": 0, "checks": 0, "tools": 0},
        **more,
    }


def head(run_id: str, offset: int, *, chunks: int = 0, tail: str = "", **more: Any) -> bytes:
    deltas = more.pop("deltas", [{"seq": 1, "part": 0, "length": len(tail)}] if tail else [])
    text = {"length": len(tail), "chunks": chunks, "tail": tail, "deltas": deltas}
    return json.dumps(
        facts(
            run_id,
            status="running",
            updated_at="2026-11-23T15:40:28Z",
            text=text,
            reasoning_length=0,
            waiting=None,
            cancel_requested=False,
            pending=0,
            applied={"seq": 1, "partition": home(run_id), "offset": offset},
            **more,
        )
    ).encode()


def packet(run_id: str, text: str | None = "an answer", **more: Any) -> bytes:
    return json.dumps(
        facts(
            run_id,
            status=more.pop("status", "completed"),
            text=text,
            text_chunks=more.pop("text_chunks", 0),
            text_sha256="0" * 64,
            usage=None,
            error=None,
            ended_at="2026-11-23T15:40:29Z",
            events={"partition": home(run_id), "first_offset": 0, "last_offset": 1, "count": 2},
            **more,
        )
    ).encode()


def reconciliation(run_id: str, offset: int, verdict: str = "reconciled") -> bytes:
    return json.dumps(
        {
            "schema_version": 1,
            "run_id": run_id,
            "verdict": verdict,
            "applied": {"partition": home(run_id), "offset": offset},
        }
    ).encode()


def home(run_id: str, partitions: int = PARTITIONS) -> int:
    return partition_for(run_id.encode(), partitions)


def memory_log() -> MemoryLog:
    return MemoryLog(TOPICS.specs(partitions=PARTITIONS))


class Writer:
    """Appends to a log, one record at a time, and says where each went."""

    def __init__(self, log: Log, topics: Topics = TOPICS, partitions: int = PARTITIONS) -> None:
        self._writer = log.writer("tests")
        self._topics = topics
        self._partitions = partitions

    def append(self, run_id: str, *values: bytes, topic: str | None = None) -> None:
        for value in values:
            self._writer.append(topic or self._topics.events, run_id.encode(), value)
        assert self._writer.flush(10) == 0

    def raw(self, key: bytes | None, value: bytes | None, partition: int = 0) -> None:
        self._writer.append(self._topics.events, key, value, partition=partition)
        assert self._writer.flush(10) == 0

    def run(self, run_id: str, deltas: int) -> None:
        """A run that started and streamed some text."""
        self.append(run_id, started(run_id), *(event(run_id, n + 1) for n in range(deltas)))

    def derive(self, topic: str, key: str, value: bytes | None, run_id: str | None = None) -> None:
        place = home(run_id or key, self._partitions)
        self._writer.append(topic, key.encode(), value, partition=place)
        assert self._writer.flush(10) == 0

    def settle(self, run_id: str, applied: int, verdict: str = "reconciled") -> None:
        """What the processors write when a run has ended."""
        self.derive(self._topics.packets, run_id, packet(run_id))
        self.derive(self._topics.reconciliations, run_id, reconciliation(run_id, applied, verdict))
        self.derive(self._topics.drafts, run_id, None)

    def close(self) -> None:
        self._writer.close()
