"""Who owns a run and how far its sequence has come.

Free of imports: what a producer must know of a run before it takes it over is this.
"""


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
