"""The log as files: one line or row for each run, event and reconciliation."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Literal, Protocol, Self

from durable_streaming.evaluation.runs import RunRecord
from durable_streaming.schemas import ABSENT, canonical

Format = Literal["ndjson", "parquet"]
_NAMES = ("runs", "events", "reconciliations")
_BATCH_ROWS = 5_000


class _Sink(Protocol):
    def write(self, name: str, row: dict[str, Any]) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def export_runs(runs: Iterable[RunRecord], folder: Path, format_: Format) -> dict[str, int]:
    """Write `runs`, `events` and `reconciliations` into a folder.

    Args:
        runs: as `read_runs` gives them.
        folder: made when missing; files of the same names are replaced.
        format_: NDJSON, or Parquet (needs the extra `evaluation`).

    Returns:
        The number of rows by name.

    Raises:
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = dict.fromkeys(_NAMES, 0)
    sink: _Sink = _Ndjson(folder) if format_ == "ndjson" else _Parquet(folder)
    with sink:
        for run in runs:
            for name, row in _rows(run):
                sink.write(name, row)
                rows[name] += 1
    return rows


def _rows(run: RunRecord) -> Iterator[tuple[str, dict[str, Any]]]:
    facts = run.packet or run.draft or {}
    first, last = run.entries[0], run.entries[-1]
    yield (
        "runs",
        {
            "run_id": run.run_id,
            "status": run.status,
            "verdict": run.verdict,
            "agent": facts.get("agent"),
            "title": facts.get("title"),
            "model": facts.get("model"),
            "thread_id": facts.get("thread_id"),
            "parent_run_id": facts.get("parent_run_id"),
            "started_at": facts.get("started_at"),
            "ended_at": facts.get("ended_at"),
            "text": run.text,
            "events": len(run.entries),
            "steps": facts.get("counts", {}).get("steps", 0),
            "sources": facts.get("counts", {}).get("sources", 0),
            "checks": facts.get("counts", {}).get("checks", 0),
            "tools": facts.get("counts", {}).get("tools", 0),
            "partition": run.partition,
            "first_offset": first.offset,
            "last_offset": last.offset,
            "first_timestamp_ms": first.timestamp_ms,
            "last_timestamp_ms": last.timestamp_ms,
            "expired": run.expired,
        },
    )
    for entry in run.entries:
        event = entry.event
        yield (
            "events",
            {
                "run_id": run.run_id,
                "partition": run.partition,
                "offset": entry.offset,
                "timestamp_ms": entry.timestamp_ms,
                "seq": event.seq,
                "type": event.type,
                "time": event.time,
                "producer_id": event.producer_id,
                "producer_epoch": event.producer_epoch,
                # As text: its shape differs by type, and a column has one.
                "data": None if event.data is ABSENT else canonical(event.data).decode(),
            },
        )
    verdict = run.reconciliation
    if verdict is not None:
        text, sequence = verdict["text"], verdict["sequence"]
        yield (
            "reconciliations",
            {
                "run_id": run.run_id,
                "verdict": verdict["verdict"],
                "streamed_length": text["streamed_length"],
                "final_length": text["final_length"],
                "first_difference": text["first_difference"],
                "first_difference_seq": text["first_difference_seq"],
                "missing_count": sequence["missing_count"],
                "duplicates": sequence["duplicates"],
                "conflict_count": sequence["conflict_count"],
                "late": sequence["late"],
                "fenced": sequence["fenced"],
                "violation_count": sequence["violation_count"],
                "checks_passed": verdict["checks"]["passed"],
                "checks_warned": verdict["checks"]["warned"],
                "checks_failed": verdict["checks"]["failed"],
                "record": canonical(verdict).decode(),
            },
        )


class _Ndjson:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        for name in _NAMES:
            path = self._folder / f"{name}.ndjson"
            self._files[name] = self._stack.enter_context(path.open("wb"))
        return self

    def write(self, name: str, row: dict[str, Any]) -> None:
        self._files[name].write(canonical(row) + b"\n")

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class _Parquet:
    def __init__(self, folder: Path) -> None:
        from durable_streaming.evaluation import parquet

        self._writers = {
            name: parquet.TableWriter(folder / f"{name}.parquet", name, _BATCH_ROWS)
            for name in _NAMES
        }

    def __enter__(self) -> Self:
        return self

    def write(self, name: str, row: dict[str, Any]) -> None:
        self._writers[name].write(row)

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()
