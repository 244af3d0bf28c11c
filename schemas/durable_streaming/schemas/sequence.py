"""Who owns a run, how far its sequence has come, and whether it has ended.

Pure and free of imports of the project's: the fold decides by it which events count, and a producer
whether and where it goes on with a run. The rules are those of `docs/protocol.md`, section "Rules
of the fold".
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

_TERMINAL_TYPES: Final = frozenset({"run.completed", "run.failed", "run.cancelled"})


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


class Lineage:
    """The producers of one run, as the log shows them.

    Attributes:
        epoch: highest producer epoch seen, -1 where none was.
        owner: producer id of the first producer event or `run.resumed` of that epoch.
        highest_seq: highest seq of any valid producer event that was not fenced, -1 before.
    """

    __slots__ = ("epoch", "highest_seq", "owner")

    def __init__(self) -> None:
        self.epoch = -1
        self.owner: str | None = None
        self.highest_seq = -1

    def admit(self, epoch: int, producer_id: str, seq: int) -> bool:
        """See a producer event; say whether its writer owns the run (else it is fenced)."""
        if epoch != self.epoch or producer_id != self.owner:
            if epoch <= self.epoch:
                return False
            self.epoch = epoch
            self.owner = producer_id
        if seq > self.highest_seq:
            self.highest_seq = seq
        return True

    def take_over(self, epoch: int, producer_id: str) -> bool:
        """See a `run.resumed`; say whether it counts (else it is fenced).

        Of two takers of one epoch the first in the log owns it, also where both are one process.
        """
        if epoch <= self.epoch:
            return False
        self.epoch = epoch
        self.owner = producer_id
        return True

    def times_out(self, last_seq: int, last_epoch: int) -> bool:
        """Say whether a time-out of a run that has not ended holds."""
        return last_seq == self.highest_seq and last_epoch == self.epoch


class SequenceState(Lineage):
    """What a producer must know of a run's history; sees its valid events in the log's order.

    Attributes:
        ended: whether a terminal event, or a time-out that holds, was seen.
    """

    __slots__ = ("ended",)

    def __init__(self) -> None:
        super().__init__()
        self.ended = False

    def see(self, event: SeenEvent) -> bool:
        """Take the run's next event into account.

        Returns:
            Whether the event counts: false where it is fenced or says nothing about the run.
        """
        if event.type == "run.timed_out":
            return self._see_time_out(event.data)
        if event.producer_epoch is None or event.producer_id is None:
            return False
        if event.seq is None:
            return self.take_over(event.producer_epoch, event.producer_id)
        counts = self.admit(event.producer_epoch, event.producer_id, event.seq)
        self.ended = self.ended or (counts and event.type in _TERMINAL_TYPES)
        return counts

    def _see_time_out(self, data: Mapping[str, Any]) -> bool:
        holds = not self.ended and self.times_out(data["last_seq"], data["last_epoch"])
        self.ended = self.ended or holds
        return holds
