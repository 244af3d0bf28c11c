"""What a run hears when somebody wants it to stop."""

from typing import NamedTuple


class CancelRequest(NamedTuple):
    """Somebody wants the run to stop; the first wish of a run counts.

    A wish and no more: the agent decides what to do, and ends the run itself.
    """

    requested_by: str | None
    """Who asked, as the gateway knows them."""

    reason: str | None
    """Why, at most 500 code points of it."""

    seen_offset: int | None
    """The last position that the person asking had seen of the run."""
