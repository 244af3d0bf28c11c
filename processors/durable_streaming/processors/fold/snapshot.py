"""A running run as records, and back: what its head does not carry already.

The state record is small and written at each commit; growing lists stand in pages beside it and
are written when they change; text stands in head and chunks. Events are kept as offsets.
"""

from collections.abc import Iterator
from typing import Any, Final

from durable_streaming.processors.fold.copies import Recall
from durable_streaming.processors.fold.errors import StateLostError, StateVersionError
from durable_streaming.processors.fold.order import Waiting
from durable_streaming.processors.fold.plain import plain
from durable_streaming.processors.fold.ports import DerivedStore
from durable_streaming.processors.fold.state import Run, Start
from durable_streaming.schemas import canonical, decode

STATE_VERSION: Final = 1
"""Version of what stands in the state topic; a change of the fold's results needs a new one."""

POSITION_KEY: Final = b"#position"
"""Key of the partition's position; no run id begins with `#`."""


def position_record(next_offset: int) -> bytes:
    """Write the first offset that is not folded yet."""
    return plain({"version": STATE_VERSION, "next_offset": next_offset})


def load_position(value: bytes) -> int:
    """Read the first offset that is not folded yet.

    Raises:
        StateVersionError: a newer worker wrote it.
    """
    next_offset: int = _decode_versioned(value)["next_offset"]
    return next_offset


def state_records(run: Run) -> Iterator[tuple[bytes, bytes | None]]:
    """Write what changed of a run's state since the last call, as (key, value)."""
    for kind, pages in run.pages.items():
        if pages.changed:
            run.page_counts[kind] = pages.count
            for number, rows in pages.take_changed():
                page = {"version": STATE_VERSION, "rows": rows}
                yield _page_key(run, kind, number), canonical(page) if rows else None
    yield run.key, plain(_core(run))


def state_keys(run: Run) -> Iterator[bytes]:
    """Name all state records of a run, to remove them."""
    for kind, pages in run.pages.items():
        for number in pages.numbers():
            yield _page_key(run, kind, number)
    yield run.key


def is_run_key(key: bytes) -> bool:
    """Say whether a key of the state topic names a running run (and not a page of one)."""
    return b"#" not in key


def load_run(run_id: str, state: bytes, store: DerivedStore, recall: Recall) -> Run:
    """Read a running run back.

    Args:
        run_id: whose state it is.
        state: its state record.
        store: where its head and its pages are.
        recall: reads an event again, when its turn comes or it must be compared.

    Raises:
        StateVersionError: a newer worker wrote it.
        StateLostError: its head or a page is not in the store.
    """
    run = Run(run_id)
    core = _decode_versioned(state)
    head = store.get("drafts", run.key)
    if head is None:
        raise StateLostError(f"the draft head of the running run {run_id}")
    _load_head(run, decode(head), core.get("several_parts", False))
    run.page_counts = core["pages"]
    for kind, count in run.page_counts.items():
        pages = run.pages[kind]
        for number in range(count):
            page = store.get("state", _page_key(run, kind, number))
            if page is None:
                raise StateLostError(f"page {number} of the {kind} of {run_id}")
            pages.load([*pages.rows, *_decode_versioned(page)["rows"]])
    _load_core(run, core, recall)
    return run


def _core(run: Run) -> dict[str, Any]:
    order = run.order
    core = {
        "version": STATE_VERSION,
        "owner": run.lineage.owner,
        "next_seq": order.next_seq,
        "first_offset": run.first_offset,
        "last_offset": run.last_offset,
        "last_event_ms": run.last_event_ms,
        "pages": run.page_counts,
        "window": order.window.rows(),
    }
    # The rest says nothing in most runs, and this is written at each commit.
    if order.waiting:
        core["waiting"] = [[seq, kept.offset, kept.size] for seq, kept in order.waiting.items()]
    if run.text.several_parts:
        core["several_parts"] = True
    counted = {
        "duplicates": order.duplicates,
        "late": order.late,
        "fenced": order.fenced,
        "conflict_count": order.conflict_count,
        "violation_count": run.violation_count,
    }
    if any(counted.values()):
        core |= counted
    return core


def _load_core(run: Run, core: dict[str, Any], recall: Recall) -> None:
    order = run.order
    run.lineage.owner = core["owner"]
    run.first_offset = core["first_offset"]
    run.last_offset = core["last_offset"]
    run.last_event_ms = core["last_event_ms"]
    run.violation_count = core.get("violation_count", 0)
    order.recall = recall
    order.next_seq = core["next_seq"]
    order.duplicates = core.get("duplicates", 0)
    order.late = core.get("late", 0)
    order.fenced = core.get("fenced", 0)
    order.conflict_count = core.get("conflict_count", 0)
    order.missing_count = sum(last - first + 1 for first, last in order.missing.rows)
    order.load_waiting(
        {seq: Waiting(offset, size, None) for seq, offset, size in core.get("waiting", ())}
    )
    order.window.load(core["window"])


def _load_head(run: Run, head: dict[str, Any], several_parts: bool) -> None:
    run.started = head["agent"] is not None
    run.start = Start(**{name: head[name] for name in Start._fields})
    run.started_at = head["started_at"]
    run.updated_at = head["updated_at"]
    run.plan_revision = head["plan"] and head["plan"]["revision"]
    run.reasoning_length = head["reasoning_length"]
    run.waiting_for = head["waiting"]
    run.cancel_requested = head["cancel_requested"]
    run.lineage.epoch = head["producer_epoch"]
    run.lineage.highest_seq = head["highest_seq"]
    run.count = head["counts"]["events"]
    run.applied_offset = head["applied"]["offset"]
    run.order.last = head["applied"]["seq"]
    text = head["text"]
    run.text.load(
        length=text["length"],
        sealed=text["chunks"],
        several_parts=several_parts,
        tail=text["tail"],
        deltas=text["deltas"],
    )


def _page_key(run: Run, kind: str, number: int) -> bytes:
    return b"%b#%b#%d" % (run.key, kind.encode(), number)


def _decode_versioned(value: bytes) -> dict[str, Any]:
    found: dict[str, Any] = decode(value)
    if found["version"] > STATE_VERSION:
        raise StateVersionError(found["version"], STATE_VERSION)
    return found
