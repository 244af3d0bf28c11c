"""Short scripts of one run, for expectations that were reasoned out by hand."""

from __future__ import annotations

import json
from typing import Any

from .generators.bad_records import valid_event
from .generators.logs import GeneratedLog
from .real_fold import Shell, differences
from .reference import Folded, LogRecord, reference_fold

RUN_ID = "run_1"


def event(seq: int | None, event_type: str, data: Any = ..., **envelope: Any) -> dict[str, Any]:
    """An event of the run; without seq it is a control event, without data it has none."""
    changes = {"type": event_type, "seq": seq, "data": data, **envelope}
    made = valid_event(RUN_ID, **changes)
    if seq is None:
        del made["seq"]
        if event_type != "run.resumed":
            del made["producer_id"], made["producer_epoch"]
    return {name: value for name, value in made.items() if value is not ...}


def started(**data: Any) -> dict[str, Any]:
    return event(0, "run.started", {"agent": "a", **data})


def text(seq: int, words: str, **data: Any) -> dict[str, Any]:
    return event(seq, "text.delta", {"text": words, **data})


def completed(seq: int, **data: Any) -> dict[str, Any]:
    return event(seq, "run.completed", data)


def resumed(epoch: int, producer_id: str) -> dict[str, Any]:
    return event(None, "run.resumed", producer_epoch=epoch, producer_id=producer_id)


def timed_out(last_seq: int, last_epoch: int, **envelope: Any) -> dict[str, Any]:
    data = {"idle_seconds": 600, "last_seq": last_seq, "last_epoch": last_epoch}
    return event(None, "run.timed_out", data, **envelope)


class Outcome:
    """What the reference derives of the run; the product has to derive the same."""

    def __init__(self, *events: dict[str, Any]) -> None:
        log = GeneratedLog(
            partition=0,
            partitions=1,
            records=[
                LogRecord(0, offset, RUN_ID.encode(), json.dumps(written).encode())
                for offset, written in enumerate(events)
            ],
        )
        self.folded: Folded = reference_fold(log.records, log.partitions)
        assert self.folded.dead_letters == []
        assert differences(self.folded, Shell(log).run()) == []

    def record(self, topic: str, suffix: str = "") -> Any:
        value = self.folded.values[topic, (RUN_ID + suffix).encode()]
        return None if value is None else json.loads(value)

    @property
    def draft(self) -> Any:
        return self.record("drafts")

    @property
    def packet(self) -> Any:
        return self.record("packets")

    @property
    def verdict(self) -> Any:
        return self.record("reconciliations")

    @property
    def sequence(self) -> Any:
        return self.verdict["sequence"]

    @property
    def slugs(self) -> list[tuple[int | None, str]]:
        return [(found["seq"], found["slug"]) for found in self.sequence["violations"]]
