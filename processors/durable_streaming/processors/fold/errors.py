"""Errors of the fold.

FoldError
  StateVersionError
  StateLostError
"""


class FoldError(Exception):
    """The fold can't go on; nothing that a record of the log contains raises it."""


class StateVersionError(FoldError):
    """The state was written by a newer worker.

    Attributes:
        found: version of the stored state.
        known: newest version that this worker reads.
    """

    def __init__(self, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            f"the stored fold state has version {found}, this worker knows up to {known}: "
            "upgrade the worker, or run `durable rebuild` with this one"
        )


class StateLostError(FoldError):
    """The store lacks a record that what it does hold needs."""

    def __init__(self, lost: str) -> None:
        super().__init__(f"{lost} is not in the store: run `durable rebuild`")
