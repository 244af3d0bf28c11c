"""Taking a run over from a producer that died or froze.

The order makes it safe without a lock anywhere: claim the next epoch in the log first, then read
up to the claim. Whatever an older producer still writes comes behind the claim and is fenced; of
two takers of one epoch the first in the log owns it, and the other reads that it lost.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from durable_streaming.eventlog import Failed, Outcome, Unknown
from durable_streaming.producers.delivery.engine import check_run_id
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.errors import (
    OutcomeUnknown,
    PublishingStopped,
    RunEnded,
    RunNotFound,
    RunTakenOver,
)
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.producers.log_scan import LogScan

if TYPE_CHECKING:
    from durable_streaming.producers.delivery.engine import Engine
    from durable_streaming.schemas.sequence import SequenceState


def take_over(engine: Engine, run_id: str) -> RunWriter:
    """Take a run over; blocks while it reads the run's partition.

    Raises:
        RunNotFound: the log holds no event of the run.
        RunEnded: the run has ended; nothing more is written, unless the end came during the
            take-over.
        RunTakenOver: another taker was first.
        RunBusy: a handle of this producer writes the run.
        OutcomeUnknown, PublishingStopped: the claim did not reach the log.
        LogFailed: the log can't be read.
    """
    check_run_id(run_id)
    engine.outbox.check_open()
    lifecycle = Lifecycle(run_id)
    scan = LogScan(
        engine.log, engine.topic, run_id, lambda event: lifecycle.apply(event.type, event.data)
    )
    try:
        if scan.read_to_end(run_id).epoch == -1:
            raise RunNotFound(f"no event of run {run_id!r} is in the log: start it with run()")
        return claim(engine, run_id, scan, lifecycle)
    finally:
        scan.close()


def claim(engine: Engine, run_id: str, scan: LogScan, lifecycle: Lifecycle) -> RunWriter:
    """Claim the next epoch of a run whose state `scan` has read, and read up to the claim.

    Raises:
        RunEnded, RunTakenOver, RunBusy, OutcomeUnknown, PublishingStopped, LogFailed: as
            `take_over`.
    """
    before = scan.state(run_id)
    _refuse_ended(run_id, before)
    epoch = before.epoch + 1
    writer = RunWriter(engine.outbox, run_id, epoch=epoch, lifecycle=lifecycle)
    engine.outbox.register(writer)
    try:
        _append_claim(writer)
        state = scan.read_through(run_id, lambda state: state.epoch >= epoch)
        if (state.epoch, state.owner) != (epoch, engine.outbox.producer_id):
            raise RunTakenOver(run_id, state.epoch)
        _refuse_ended(run_id, state)
    except BaseException:
        engine.outbox.unregister(writer)
        raise
    writer.next_seq = state.highest_seq + 1
    lifecycle.take_up()
    return writer


def _append_claim(writer: RunWriter) -> None:
    answers: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    writer.append_resumed(answers.put)
    # The pump answers every event, with `Unknown` when the deadline passed.
    outcome = answers.get()
    if isinstance(outcome, Failed):
        raise PublishingStopped(writer.run_id, None, outcome.error)
    if isinstance(outcome, Unknown):
        raise OutcomeUnknown(writer.run_id, [], f"run.resumed: {outcome.error}")


def _refuse_ended(run_id: str, state: SequenceState) -> None:
    if state.ended:
        raise RunEnded(f"run {run_id!r} has ended, so nothing can go on: start a new run")
