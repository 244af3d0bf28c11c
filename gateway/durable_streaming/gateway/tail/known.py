"""Runs whose key and partition were judged before: their plain deltas need only be read."""

from __future__ import annotations

from durable_streaming.schemas.deltas import PlainDelta, read_plain_delta

_MOST = 65_536


class KnownRuns:
    """Remembers runs by the keys of their records."""

    def __init__(self) -> None:
        self._runs: dict[bytes, tuple[str, int]] = {}

    def note(self, key: bytes | None, run_id: str, partition: int) -> None:
        """Remember where a valid event of a run stood, and under which key."""
        if key is not None and key not in self._runs:
            if len(self._runs) >= _MOST:
                self._runs.clear()
            self._runs[key] = (run_id, partition)

    def read_delta(
        self, key: bytes | None, value: bytes | None, partition: int
    ) -> PlainDelta | None:
        """Read a record that is certainly a valid delta of a run; None says nothing."""
        known = self._runs.get(key)  # type: ignore[arg-type]
        if known is None or value is None:
            return None
        delta = read_plain_delta(value)
        return delta if delta is not None and known == (delta.run_id, partition) else None
