"""Reading the golden cases; `README.md` describes the files."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.reference.canonical_json import canonical_json
from tests.reference.reference import Folded, LogRecord

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class GoldenCase:
    """One log of one partition and the lines that must be derived from it."""

    name: str
    partitions: int
    records: list[LogRecord]
    expected: list[str]


def golden_names() -> list[str]:
    """The names of all cases."""
    return sorted(path.name.split(".")[0] for path in FOLDER.glob("*.expected.ndjson"))


def golden_case(name: str) -> GoldenCase:
    """Read one case."""
    events = FOLDER / f"{name}.events.ndjson"
    expected = _lines(FOLDER / f"{name}.expected.ndjson")
    if events.exists():
        return GoldenCase(name, 1, _event_records(_lines(events)), expected)
    records = [_record(json.loads(line)) for line in _lines(FOLDER / f"{name}.records.ndjson")]
    return GoldenCase(name, 12, records, expected)


def _lines(path: Path) -> list[str]:
    # Not splitlines: a value may hold other characters that end lines for Python.
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def _event_records(lines: list[str]) -> list[LogRecord]:
    return [
        LogRecord(0, offset, json.loads(line)["run_id"].encode(), line.encode())
        for offset, line in enumerate(lines)
    ]


def _record(line: dict[str, Any]) -> LogRecord:
    key, value = (
        None if line[name] is None else base64.b64decode(line[name]) for name in ("key", "value")
    )
    return LogRecord(line["partition"], line["offset"], key, value)


def derived_lines(folded: Folded) -> list[str]:
    """Everything derived, one canonical line each, as the files of expected output have it."""
    lines: list[dict[str, Any]] = []
    for (topic, key), value in sorted(folded.values.items()):
        decoded = None if value is None else json.loads(value)
        if value is not None and canonical_json(decoded) != value:
            raise ValueError(f"the value of {key!r} in {topic} is not canonical")
        lines.append({"topic": topic, "key": key.decode(), "value": decoded})
    for key, value in folded.control:
        lines.append({"topic": "control", "key": key.decode(), "value": json.loads(value)})
    for letter in folded.dead_letters:
        lines.append(
            {
                "topic": "dead_letters",
                "key": _encoded(letter.key),
                "value": _encoded(letter.value),
                "headers": letter.headers,
            }
        )
    return [canonical_json(line).decode() for line in lines]


def _encoded(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode("ascii")
