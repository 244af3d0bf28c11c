"""Parquet tables of flat, typed rows. The only module that needs pyarrow."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TEXT, _INT, _BOOL = pa.string(), pa.int64(), pa.bool_()

SCHEMAS: dict[str, Any] = {
    "runs": pa.schema(
        [
            *((name, _TEXT) for name in ("run_id", "status", "verdict", "agent", "title", "model")),
            *((name, _TEXT) for name in ("thread_id", "parent_run_id", "started_at", "ended_at")),
            ("text", _TEXT),
            *((name, _INT) for name in ("events", "steps", "sources", "checks", "tools")),
            *((name, _INT) for name in ("partition", "first_offset", "last_offset")),
            *((name, _INT) for name in ("first_timestamp_ms", "last_timestamp_ms")),
            ("expired", _BOOL),
        ]
    ),
    "events": pa.schema(
        [
            ("run_id", _TEXT),
            *((name, _INT) for name in ("partition", "offset", "timestamp_ms", "seq")),
            *((name, _TEXT) for name in ("type", "time", "producer_id")),
            ("producer_epoch", _INT),
            ("data", _TEXT),
        ]
    ),
    "reconciliations": pa.schema(
        [
            ("run_id", _TEXT),
            ("verdict", _TEXT),
            *((n, _INT) for n in ("streamed_length", "final_length", "first_difference")),
            *((n, _INT) for n in ("first_difference_seq", "missing_count", "duplicates")),
            *((n, _INT) for n in ("conflict_count", "late", "fenced", "violation_count")),
            *((n, _INT) for n in ("checks_passed", "checks_warned", "checks_failed")),
            ("record", _TEXT),
        ]
    ),
}


class TableWriter:
    """Writes rows in batches, so that memory does not grow with the table."""

    def __init__(self, path: Path, name: str, batch_rows: int) -> None:
        self._schema = SCHEMAS[name]
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._batch_rows = batch_rows

    def write(self, row: dict[str, Any]) -> None:
        """Take one row, with all columns of the table."""
        self._rows.append(row)
        if len(self._rows) >= self._batch_rows:
            self._flush()

    def close(self) -> None:
        """Write what is left and finish the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
