"""A stream through its adapter, and what the facts say."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_streaming.producers.adapters import Fact, adapter_for
from durable_streaming.schemas import Event, canonical, judge_value

FIXTURES = Path(__file__).parent / "fixtures"


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fixture(api: str) -> list[dict[str, Any]]:
    return read_lines(FIXTURES / f"{api}.jsonl")


@dataclass(frozen=True)
class Replay:
    """One run's facts, the terminal one last."""

    facts: list[Fact]
    model: str | None

    def of(self, fact_type: str) -> list[dict[str, Any]]:
        return [fact.data for fact in self.facts if fact.type == fact_type]

    @property
    def end(self) -> Fact:
        return self.facts[-1]

    @property
    def parts(self) -> dict[int, str]:
        """The streamed text of each part, by number."""
        parts: dict[int, str] = {}
        for data in self.of("text.delta"):
            parts[data["part"]] = parts.get(data["part"], "") + data["text"]
        return dict(sorted(parts.items()))

    @property
    def text(self) -> str:
        return "".join(self.parts.values())

    @property
    def status(self) -> str:
        """The end in the words of the providers' streams."""
        if self.end.type != "run.failed":
            return self.end.type.removeprefix("run.")
        kind = self.end.data["error"]["type"]
        return kind if kind in ("cut", "incomplete") else "failed"

    @property
    def cited(self) -> dict[str, list[tuple[int, int]]]:
        """Cited ranges by source id, in order of appearance, all events of a source together."""
        cited: dict[str, list[tuple[int, int]]] = {}
        for data in self.of("source.added"):
            ranges = cited.setdefault(data["source_id"], [])
            ranges += [(item["start"], item["end"]) for item in data.get("cited", ())]
        return cited


def replay(chunks: Iterable[object], api: str = "auto") -> Replay:
    found = list(chunks)
    adapter = adapter_for(api, found[0])
    facts = [fact for chunk in found for fact in adapter.feed(chunk)]
    return Replay(facts + adapter.finish(), adapter.model)


def bad_events(facts: Iterable[Fact]) -> list[object]:
    """Judge each fact as the event it will be; give what the judge refuses."""
    verdicts = (
        judge_value(
            canonical(
                {
                    "schema_version": 1,
                    "run_id": "run-1",
                    "seq": seq,
                    "type": fact.type,
                    "time": "2026-11-23T15:40:27Z",
                    "producer_id": "p-1",
                    "producer_epoch": 0,
                    "data": fact.data,
                }
            )
        )
        for seq, fact in enumerate(facts, start=1)
    )
    return [verdict for verdict in verdicts if not isinstance(verdict, Event)]
