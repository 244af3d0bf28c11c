"""How a command ends: the codes, and the errors that carry them.

- `CliError`: exit 1
  - `UnauthenticatedError`: 1
  - `UsageError`: 2
  - `NotFoundError`: 3
  - `UnreachableError`: 5
  - `GapError`: 7
"""

from typing import ClassVar, Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
DIVERGED: Final = 4
UNREACHABLE: Final = 5
INCOMPLETE: Final = 6
GAP: Final = 7


class CliError(Exception):
    """A command can't do what was asked; the message names the remedy."""

    code: ClassVar[int] = FAILED


class UsageError(CliError):
    """The arguments make no sense together."""

    code = USAGE


class UnauthenticatedError(CliError):
    """The gateway wants to know who asks."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail} (put a bearer token into DURABLE_TOKEN)")


class NotFoundError(CliError):
    """There is no such run."""

    code = NOT_FOUND


class UnreachableError(CliError):
    """Broker or gateway can't be reached."""

    code = UNREACHABLE


class GapError(CliError):
    """What was asked for is not kept any more."""

    code = GAP
