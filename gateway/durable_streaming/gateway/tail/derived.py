"""Derived records from the tail: stored, and the runs they settle handed to the loop."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

import msgspec

from durable_streaming.eventlog import Place, Record
from durable_streaming.gateway.store import DerivedStore, Summary
from durable_streaming.gateway.store.derived import DerivedRecord, Kind
from durable_streaming.gateway.tail.handover import Handover
from durable_streaming.schemas import Topics, is_run_id

_log = logging.getLogger(__name__)

# What one summary is counted as in the hand-over's bound.
_SUMMARY_BYTES = 512


class DerivedSink:
    """Takes the records of drafts, packets and reconciliations."""

    def __init__(
        self, store: DerivedStore, topics: Topics, handover: Handover[dict[str, Summary]]
    ) -> None:
        self._store = store
        self._handover = handover
        self._kinds: dict[str, Kind] = {
            topics.drafts: "drafts",
            topics.packets: "packets",
            topics.reconciliations: "reconciliations",
        }

    def due_in(self) -> float:
        """Say after how many seconds at most `take` must be called again: it need not be."""
        return math.inf

    def take(self, records: list[Record], positions: Mapping[Place, int]) -> None:
        """Store a batch and hand over what it says of each run."""
        if not positions:
            return
        known = [
            DerivedRecord(self._kinds[record.topic], record.key, record.value)
            for record in records
            if record.key is not None and _is_ours(record.key)
        ]
        try:
            changed = self._store.apply(known, positions)
        except msgspec.MsgspecError:
            changed = self._apply_singly(known, positions)
        if changed:
            # Copies: the store goes on changing its own.
            self._handover.put(
                {run_id: msgspec.structs.replace(summary) for run_id, summary in changed.items()},
                len(changed) * _SUMMARY_BYTES,
            )

    def _apply_singly(
        self, records: list[DerivedRecord], positions: Mapping[Place, int]
    ) -> dict[str, Summary]:
        # Something else than the processors wrote here: its neighbours must not suffer.
        changed: dict[str, Summary] = {}
        for record in records:
            try:
                changed.update(self._store.apply([record], {}))
            except msgspec.MsgspecError as error:
                _log.warning(
                    "derived record can't be read", extra={"topic": record.kind, "why": str(error)}
                )
        self._store.apply([], positions)
        return changed


def _is_ours(key: bytes) -> bool:
    run_id, _, chunk = key.partition(b"#")
    try:
        return is_run_id(run_id.decode("ascii")) and (not chunk or chunk.isdigit())
    except UnicodeDecodeError:
        return False
