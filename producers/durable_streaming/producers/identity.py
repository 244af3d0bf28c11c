"""Names that no two processes ever share."""

import os
import time
import uuid

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_run_id() -> str:
    """Make a run id that sorts by the time of its making: `run_` and a ULID."""
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10))
    return "run_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def new_producer_id() -> str:
    """Make a producer id; a producer makes one when it opens and never reuses it."""
    return f"p-{uuid.uuid4().hex}"
