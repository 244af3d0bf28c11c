"""Runs whose producer has been silent for too long, by the broker's clock."""

from collections.abc import Iterable
from datetime import UTC, datetime

from durable_streaming.processors.fold.receive import settle
from durable_streaming.processors.fold.state import Run
from durable_streaming.schemas import SCHEMA_VERSION, canonical


def due_timeouts(runs: Iterable[Run], now_ms: int, idle_ms: int) -> list[tuple[bytes, bytes]]:
    """Write the `run.timed_out` events to append now, as (key, value).

    An event that was asked for is asked for again only after another `idle_ms`: until it is
    read back nothing tells whether it is in the log, and one too many does no harm.
    """
    due: list[tuple[bytes, bytes]] = []
    for run in runs:
        silent_since = run.last_event_ms
        if run.timeout_asked_ms is not None:
            silent_since = max(silent_since, run.timeout_asked_ms)
        if run.waiting_for is None and now_ms - silent_since >= idle_ms:
            run.timeout_asked_ms = now_ms
            settle(run)
            due.append((run.key, _timed_out(run, now_ms, idle_ms)))
    return due


def _timed_out(run: Run, now_ms: int, idle_ms: int) -> bytes:
    time = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return canonical(
        {
            "schema_version": SCHEMA_VERSION,
            "run_id": run.run_id,
            "type": "run.timed_out",
            "time": time.replace("+00:00", "Z"),
            "data": {
                "idle_seconds": idle_ms / 1000,
                "last_seq": run.lineage.highest_seq,
                "last_epoch": run.lineage.epoch,
            },
        }
    )
