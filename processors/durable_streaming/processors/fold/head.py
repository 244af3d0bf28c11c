"""The draft head, written by fragments.

Most commits change the text and a few numbers of a head. Its lists are written when they change,
not at each commit; what stands between the changing fields is kept joined, in the canonical order
of the keys.
"""

from typing import Final

from durable_streaming.processors.fold import shown
from durable_streaming.processors.fold.bounds import first
from durable_streaming.processors.fold.plain import plain
from durable_streaming.processors.fold.state import Run
from durable_streaming.schemas import SCHEMA_VERSION, canonical

# Each %b that begins a line is one of the segments below.
_HEAD: Final = (
    b"%b"
    b'"applied":{"offset":%d,"partition":%d,"seq":%d},"cancel_requested":%b,'
    b"%b"
    b'"events":%d,'
    b"%b"
    b'"highest_seq":%d,'
    b"%b"
    b'"pending":%d,'
    b"%b"
    b'"producer_epoch":%d,"reasoning_length":%d,'
    b"%b"
    b'"started_at":%b,"status":"running",'
    b"%b"
    b'"text":{"chunks":%d,"deltas":[%b],"length":%d,"tail":%b},'
    b"%b"
    b'"updated_at":%b,"waiting":%b}'
)


def head_record(run: Run, partition: int) -> bytes:
    """Write the head of a running run, in canonical form."""
    segments = run.segments
    if segments is None:
        segments = run.segments = _write_segments(run)
    agent, checks, counts, model, plan, sources, steps, tools = segments
    text, lineage = run.text, run.lineage
    tail, deltas = text.tail()
    return _HEAD % (
        agent,
        run.applied_offset,
        partition,
        run.order.last,
        b"true" if run.cancel_requested else b"false",
        checks,
        run.count,
        counts,
        lineage.highest_seq,
        model,
        len(run.order.waiting),
        plan,
        lineage.epoch,
        run.reasoning_length,
        sources,
        plain(run.started_at),
        steps,
        text.sealed,
        deltas,
        text.length,
        plain(tail),
        tools,
        plain(run.updated_at),
        plain(run.waiting_for),
    )


def _write_segments(run: Run) -> tuple[bytes, ...]:
    _write_sections(run)
    agent, model, parent_run_id, tags, thread_id, title = run.sections["start"]
    (plan,) = run.sections["plan"]
    steps, step_count = run.sections["steps"]
    (sources,) = run.sections["sources"]
    (checks,) = run.sections["checks"]
    (tools,) = run.sections["tools"]
    return (
        b'{"agent":%b,' % agent,
        b'"checks":%b,"counts":{"checks":%d,' % (checks, len(run.checks)),
        b'"sources":%d,"steps":%d,"tools":%d},' % (len(run.sources), step_count, len(run.tools)),
        b'"model":%b,"parent_run_id":%b,' % (model, parent_run_id),
        b'"plan":%b,' % plan,
        b'"run_id":%b,"schema_version":%d,"sources":%b,' % (run.quoted_id, SCHEMA_VERSION, sources),
        b'"steps":%b,"tags":%b,' % (steps, tags),
        b'"thread_id":%b,"title":%b,"tools":%b,' % (thread_id, title, tools),
    )


def _write_sections(run: Run) -> None:
    """Write the lists that changed since they were last written."""
    sections = run.sections
    if "start" not in sections:
        start = shown.start(run)
        sections["start"] = tuple(plain(start[name]) for name in sorted(start))
    if "plan" not in sections:
        sections["plan"] = (plain(shown.plan(run)),)
    if "steps" not in sections:
        steps = shown.steps(run)
        sections["steps"] = plain(first(steps)), len(steps)
    if "sources" not in sections:
        sections["sources"] = (plain(first(run.sources.rows)),)
    if "checks" not in sections:
        # Scores may be floats.
        sections["checks"] = (canonical(shown.checks(run)),)
    if "tools" not in sections:
        sections["tools"] = (plain(first(run.tools.rows)),)
