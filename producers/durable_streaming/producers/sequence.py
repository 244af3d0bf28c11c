"""The little that a producer must know of a run's history: epoch, owner, highest seq, end.

Pure: it sees the run's valid events in the order of their offsets and does no I/O. The rules are
those of the fold (`docs/protocol.md`, section "Rules of the fold"), reduced to what decides whether
and where a producer goes on.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

TERMINAL_TYPES: Final = frozenset({"run.completed", "run.failed", "run.cancelled"})


class SeenEvent(Protocol):
    """What is looked at of an event; `schemas.Event` is one."""

    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def seq(self) -> int | None: ...  # noqa: D102
    @property
    def producer_id(self) -> str | None: ...  # noqa: D102
    @property
    def producer_epoch(self) -> int | None: ...  # noqa: D102
    @property
    def data(self) -> Any: ...  # noqa: D102


class SequenceState:
    """Epoch and sequence of one run after some prefix of the log.

    Attributes:
        epoch: highest epoch seen, -1 before any.
        owner: the producer id that owns `epoch`.
        highest_seq: highest seq of any event that was not fenced, -1 before any.
        ended: whether a terminal event, or a time-out that holds, was seen.
    """

    __slots__ = ("ended", "epoch", "highest_seq", "owner")

    def __init__(self) -> None:
        self.epoch = -1
        self.owner: str | None = None
        self.highest_seq = -1
        self.ended = False

    def see(self, event: SeenEvent) -> bool:
        """Take the run's next event into account.

        Returns:
            Whether the event counts: false where it is fenced or says nothing about the run.
        """
        if event.type == "run.timed_out":
            return self._see_time_out(event.data)
        if event.producer_epoch is None:
            return False
        counts = self._claim(event.producer_epoch, event.producer_id, event.seq is None)
        if counts and event.seq is not None:
            self.highest_seq = max(self.highest_seq, event.seq)
            self.ended = self.ended or event.type in TERMINAL_TYPES
        return counts

    def _claim(self, epoch: int, producer_id: str | None, resumes: bool) -> bool:
        if epoch > self.epoch:
            self.epoch, self.owner = epoch, producer_id
            return True
        # A take-over needs an epoch of its own: of two takers the first in the log owns it.
        return not resumes and epoch == self.epoch and producer_id == self.owner

    def _see_time_out(self, data: Mapping[str, Any]) -> bool:
        holds = (
            not self.ended
            and data["last_seq"] == self.highest_seq
            and data["last_epoch"] == self.epoch
        )
        self.ended = self.ended or holds
        return holds
