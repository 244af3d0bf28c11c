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
    return f"p-{_unique()}"


def new_call_id() -> str:
    """Make an id for a tool call whose caller has none."""
    return f"call_{_unique()}"


def _unique() -> str:
    # An "e" between digits looks like a number's exponent, and whoever judges an event must look
    # closer then, at several times the cost: it would be all events of one producer in four.
    return uuid.uuid4().hex.replace("e", "x")
