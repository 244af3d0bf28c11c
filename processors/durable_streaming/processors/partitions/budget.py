"""How much a partition's transactions may write for what was read."""

from typing import Final

# Each commit writes a run's head anew, with the tail of its text and that tail's deltas. Where
# deltas are short, heads at every interval would come to several times what the agents write.
_WRITTEN_PER_READ: Final = 2

# Of a partition where little happens nobody minds the bytes, and its runs are shown sooner.
_FREE_BYTES_PER_S: Final = 10_000


def affords(written: int, *, read: int, seconds: float) -> bool:
    """Say whether enough was read for another transaction like the last.

    Args:
        written: bytes of the last transaction; the next one will be about as large.
        read: bytes of the source records since then.
        seconds: since then.
    """
    return _WRITTEN_PER_READ * read + seconds * _FREE_BYTES_PER_S >= written
