"""What can go wrong in offline evaluation.

- `EvaluationError`
  - `LogShrank`: retention removed records while they were being read
  - `NothingToRead`: a run asked for is not in the log
"""


class EvaluationError(Exception):
    """Root of the errors of this package."""


class LogShrank(EvaluationError):
    """Retention removed records between pinning and reading: begin again."""


class NothingToRead(EvaluationError):
    """A run that was asked for is not in the log."""
