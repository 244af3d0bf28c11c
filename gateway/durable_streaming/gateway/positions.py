"""Judging a position: which one a reader begins at, or why it can't, in the protocol's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.hub import Final
from durable_streaming.gateway.parameters import Wanted
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.store import RunRow, Summary
from durable_streaming.schemas import partition_for

if TYPE_CHECKING:
    from durable_streaming.gateway.incarnation import Incarnation

Outcome = Literal["up_to_date", "replay", "gap"]


class Known(NamedTuple):
    """A run that exists."""

    run_id: str
    row: RunRow
    summary: Summary | None

    def is_visible_to(self, viewer: Principal) -> bool:
        """Say whether somebody may see it; tags are known once the processors know the run."""
        tags = {} if self.summary is None else self.summary.tags
        return viewer.may_see(self.run_id, tags)


class Located(NamedTuple):
    """Where a reader begins.

    Attributes:
        cursor: the first offset to deliver.
        outcome: what that means for the reader.
    """

    run: Known
    cursor: int
    outcome: Outcome

    @property
    def head(self) -> int:
        """Where the run stands, not below the reader."""
        return max(self.cursor, self.run.row.next_offset)

    def is_closed(self, next_offset: int) -> bool:
        """Say whether the run is over for a reader who stands at `next_offset`."""
        final = Final.of(self.run.summary)
        return next_offset >= self.head and final is not None and next_offset > final.applied


async def find_run(log: Incarnation, run_id: str, viewer: Principal) -> Known:
    """Find a run, after waiting for what the broker has of it at this moment.

    Raises:
        Refusal: there is no such run, or it is none of the viewer's business.
    """
    found = look_up(log, run_id)
    if found is None or not found.is_visible_to(viewer):
        # The tail may be milliseconds behind whoever just wrote the run's first event. A run that
        # must not be seen is asked for all the same: how long the answer takes tells nothing.
        partition = partition_for(run_id.encode(), log.tokens.partitions)
        marks = await log.probe.marks()
        await log.reach(partition, marks[partition][1])
        found = look_up(log, run_id)
    if found is None or not found.is_visible_to(viewer):
        raise Refusal("no-such-run", "there is no such run, or you may not see it")
    return found


async def locate(
    log: Incarnation,
    run_id: str,
    wanted: Wanted,
    viewer: Principal,
    *,
    gap_allowed: bool = False,
    fresh: bool = False,
) -> Located:
    """Judge where a reader wants to begin.

    The result was read in the caller's own turn of the loop, so that a subscription which begins
    with it can't miss what the tail brings next.

    Args:
        log: the incarnation of the log.
        run_id: a well-formed run id.
        wanted: the position.
        viewer: whoever reads.
        fresh: wait for what the broker has at this moment, for a reader who gets nothing later.
        gap_allowed: a reader from the start takes what is left when the beginning is gone.

    Raises:
        Refusal: no such run, or the position is of another topic or partition, past the end or
            expired.
    """
    token = wanted.token
    if token is not None and token.epoch != log.tokens.epoch:
        known = look_up(log, run_id)
        if not (known.is_visible_to(viewer) if known else viewer.may_see(run_id, {})):
            known = await find_run(log, run_id, viewer)
        raise Refusal(
            "epoch-changed",
            "the token is of a topic that was since created anew: begin again from the start",
            token=None if known is None else log.tokens.at(known.row.partition, _start(log, known)),
        )
    run = await find_run(log, run_id, viewer)
    partition = run.row.partition
    if token is not None and token.partition != partition:
        raise Refusal("bad-request", "the token is of another run's partition")
    position = wanted.next_offset
    beyond = position is not None and position > log.next_offset(partition)
    if fresh or beyond:
        end = (await log.probe.marks())[partition][1]
        if position is not None and position > end:
            raise Refusal(
                "past-the-end",
                "the position is past the partition's end: go on from the token given here",
                token=log.tokens.at(partition, end),
            )
        await log.reach(partition, end)
    # What was found before a wait may be old by now.
    run = look_up(log, run_id) or run
    return _place(log, run, wanted, gap_allowed=gap_allowed)


def _place(log: Incarnation, run: Known, wanted: Wanted, *, gap_allowed: bool) -> Located:
    row = run.row
    position = wanted.next_offset
    start = _start(log, run)
    if position is None and wanted.origin == "now":
        position = row.next_offset
    truncated = row.is_truncated(log.watch.low(row.partition))
    if truncated and (position is None or position < log.watch.low(row.partition)):
        if position is None and gap_allowed:
            return Located(run, start, "gap")
        raise Refusal(
            "offset-expired",
            "retention has removed the run's events there: go on from the token given here",
            token=log.tokens.at(row.partition, start),
        )
    cursor = start if position is None else position
    return Located(run, cursor, "replay" if cursor < row.next_offset else "up_to_date")


def _start(log: Incarnation, run: Known) -> int:
    """Give the first position whose event the log keeps."""
    low = log.watch.low(run.row.partition)
    if run.row.first_offset >= low:
        return run.row.first_offset
    first = log.events.read(run.run_id, low, limit=1, max_bytes=1)
    return max(low, run.row.next_offset) if first is None else first.next_offset - 1


def look_up(log: Incarnation, run_id: str) -> Known | None:
    """Return what is known of a run in this turn of the loop."""
    row = log.events.row(run_id)
    summary = log.derived.summary(run_id)
    if row is None:
        if summary is None:
            return None
        # Its events have expired: only what was derived from them is left.
        partition = partition_for(run_id.encode(), log.tokens.partitions)
        low = log.watch.low(partition)
        row = RunRow(partition, 0, low, low, -1, 0)
    return Known(run_id, row, summary)
