"""`durable verify`: the proof that the tables are what the log says."""

import time
from typing import Annotated

import typer

from durable_streaming.cli.exits import DIVERGED, GAP, INCOMPLETE, NotFoundError, UsageError
from durable_streaming.cli.options import DataDir
from durable_streaming.cli.output import emit, note, stderr


def verify(
    run_ids: Annotated[list[str] | None, typer.Argument(metavar="RUN...")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every run, and the dead letters.")] = False,
    data_dir: DataDir = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for processors that are behind.")
    ] = 10.0,
) -> None:
    """Fold the log anew and compare with the derived topics, byte for byte.

    Exit 0: all the same; 4: a difference; 6: the processors are behind; 7: records expired.
    """
    from durable_streaming.cli.stack import find_stack
    from durable_streaming.evaluation import Report
    from durable_streaming.evaluation import verify as run_verify
    from durable_streaming.eventlog import KafkaLog

    if bool(run_ids) == all_:
        raise UsageError("name the runs to verify, or say --all")
    stack = find_stack(data_dir)
    deadline = time.monotonic() + timeout
    with stderr.status("folding the log anew") as progress:

        def show(done: int, of: int) -> None:
            progress.update(f"folding the log anew: partition {done + 1} of {of}")

        def once() -> Report:
            return run_verify(KafkaLog(stack.kafka), stack.kafka.topics, run_ids or None, show)

        report = once()
        while report.not_folded and not report.differences and time.monotonic() < deadline:
            time.sleep(0.5)
            report = once()
    if report.unknown and not all_:
        raise NotFoundError(f"not in the log: {', '.join(report.unknown)}")
    for found in report.differences:
        note(f"differs: {found.topic} {found.key} at byte {found.byte}")
    for run_id in report.expired:
        note(f"expired: {run_id} (its first records are not kept any more)")
    if report.not_folded:
        note(f"{report.not_folded} records are not folded yet")
    emit(
        {
            "runs": report.runs,
            "events": report.events,
            "differences": len(report.differences),
            "expired": len(report.expired),
            "not_folded": report.not_folded,
        }
    )
    if report.differences:
        raise typer.Exit(DIVERGED)
    if report.not_folded:
        raise typer.Exit(INCOMPLETE)
    if report.expired:
        raise typer.Exit(GAP)
