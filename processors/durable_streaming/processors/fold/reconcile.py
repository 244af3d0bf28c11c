"""The verdict on a run that ended: what it streamed against what it claims."""

from typing import Any

from durable_streaming.processors.fold import shown
from durable_streaming.processors.fold.answer import Claim, Streamed, common_prefix, digest
from durable_streaming.processors.fold.bounds import first
from durable_streaming.processors.fold.packet import folded_events
from durable_streaming.processors.fold.state import Ending, Run
from durable_streaming.schemas import SCHEMA_VERSION

Reconciliation = dict[str, Any]


def reconcile(
    run: Run, ending: Ending, claim: Claim | None, streamed: Streamed, partition: int
) -> Reconciliation:
    """Judge a run that ended; its sequence is closed."""
    text, texts_agree = _compare_text(claim, streamed)
    sources, sources_agree = _compare_sources(run, claim)
    if run.order.missing_count or ending.status == "timed_out":
        verdict = "incomplete"
    elif not (texts_agree and sources_agree):
        verdict = "diverged"
    elif claim is None:
        verdict = "unclaimed"
    else:
        verdict = "reconciled"
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.run_id,
        "verdict": verdict,
        "text": text,
        "sequence": _sequence(run),
        "steps": _steps(run),
        "sources": sources,
        "checks": _checks(run),
        "events": folded_events(run, partition),
        "applied": {"partition": partition, "offset": run.applied_offset},
    }


def count_late(reconciliation: Reconciliation, offset: int) -> None:
    """Take a record after the end into account; the verdict stays."""
    reconciliation["sequence"]["late"] += 1
    reconciliation["applied"]["offset"] = offset


def _compare_text(claim: Claim | None, streamed: Streamed) -> tuple[dict[str, Any], bool]:
    compared: dict[str, Any] = {
        "streamed_length": len(streamed.text),
        "streamed_sha256": digest(streamed.text),
        "final_length": None,
        "final_sha256": None,
        "first_difference": None,
        "first_difference_seq": None,
    }
    if claim is None:
        return compared, True
    compared["final_length"] = claim.length
    compared["final_sha256"] = claim.sha256
    if claim.text is None:
        agree = claim.length == len(streamed.text) and claim.sha256 == compared["streamed_sha256"]
        return compared, agree
    if claim.text == streamed.text:
        return compared, True
    at = common_prefix(streamed.text, claim.text)
    compared["first_difference"] = at
    compared["first_difference_seq"] = streamed.seq_at(at)
    return compared, False


def _compare_sources(run: Run, claim: Claim | None) -> tuple[dict[str, Any], bool]:
    if claim is None or claim.source_ids is None:
        return {"streamed_only": [], "final_only": []}, True
    claimed = dict.fromkeys(claim.source_ids)
    streamed_only = [
        source["source_id"] for source in run.sources.rows if source["source_id"] not in claimed
    ]
    final_only = [source_id for source_id in claimed if source_id not in run.sources]
    compared = {"streamed_only": first(streamed_only), "final_only": first(final_only)}
    return compared, not streamed_only and not final_only


def _sequence(run: Run) -> dict[str, Any]:
    order = run.order
    return {
        "last": order.last,
        "missing": first(order.missing.rows),
        "missing_count": order.missing_count,
        "duplicates": order.duplicates,
        "conflicts": order.conflicts.rows,
        "conflict_count": order.conflict_count,
        "late": order.late,
        "fenced": order.fenced,
        "violations": run.violations.rows,
        "violation_count": run.violation_count,
    }


def _steps(run: Run) -> dict[str, Any]:
    planned_not_run: list[str] = []
    unplanned: list[str] = []
    unfinished: list[str] = []
    for step in shown.steps(run):
        step_id = step["step_id"]
        events = run.steps.get(step_id)
        started = events is not None and events["started"]
        if step["planned"] and not started and step["status"] != "skipped":
            planned_not_run.append(step_id)
        if started and not step["planned"]:
            unplanned.append(step_id)
        if step["status"] == "running":
            unfinished.append(step_id)
    return {
        "planned_not_run": first(planned_not_run),
        "unplanned": first(unplanned),
        "unfinished": first(unfinished),
    }


def _checks(run: Run) -> dict[str, int]:
    verdicts = [row["shown"]["verdict"] for row in run.checks.rows]
    return {
        "passed": verdicts.count("pass"),
        "warned": verdicts.count("warn"),
        "failed": verdicts.count("fail"),
    }
