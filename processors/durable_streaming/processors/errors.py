"""What ends a worker, and with which exit code.

- `ProcessorError`
  - `Fenced`: another worker owns the partition now
  - `NotWritable`: the log took no transaction for too long
  - `PositionLost`: the source ends before the stored position
  - `StateTooNew`: the state was written by a newer version
  - `StoreLocked`: another process has the local store open
  - `Stalled`: nothing moves although there is lag
  - `StillRunning`: a rebuild was asked for while workers run
  - `Crashed`: anything else, a fault of ours or of a library
"""

from typing import ClassVar


class ProcessorError(Exception):
    """Root of what ends a worker.

    The process exits at once rather than through a clean-up: nothing it still holds in memory
    may be written any more, and what was committed is recovered from the log by its successor.

    Attributes:
        exit_code: what the process exits with, after sysexits.h where one fits.
    """

    exit_code: ClassVar[int] = 70


class Fenced(ProcessorError):
    """Another worker took the partition over while this one still thought it owned it."""

    exit_code = 75


class NotWritable(ProcessorError):
    """The log took no transaction for too long. Nothing is skipped: the worker stops."""

    exit_code = 74


class PositionLost(ProcessorError):
    """The source ends before the position that was folded: it was truncated or recreated."""

    exit_code = 65


class StateTooNew(ProcessorError):
    """A newer version wrote the state; this one would misread it."""

    exit_code = 78


class StoreLocked(ProcessorError):
    """Another process has this worker's local store open: two workers share a name."""

    exit_code = 73


class Stalled(ProcessorError):
    """Positions stand still although there are records to read."""

    exit_code = 71


class StillRunning(ProcessorError):
    """Workers of this installation run; what is about to be done needs them stopped."""

    exit_code = 69


class Crashed(ProcessorError):
    """A fault that nothing expected. A restart is the remedy; the log line names the cause."""

    exit_code = 70
