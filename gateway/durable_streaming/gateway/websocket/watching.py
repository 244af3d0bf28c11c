"""What a watcher asks for."""

from __future__ import annotations

from collections.abc import Callable

from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.hub.watchers import Entry, Wants
from durable_streaming.gateway.parameters import RUN_STATUSES, VERDICTS
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas.frames import Watch


def read_watch(frame: Watch, viewer: Callable[[], Principal | None]) -> Wants:
    """Make the filter of a frame; what it does not name it does not ask for.

    Args:
        frame: the filter.
        viewer: gives whoever watches, as of now.

    Raises:
        Refusal: it asks for a status or verdict that there is not.
    """
    for name, given, allowed in (
        ("status", frame.status, RUN_STATUSES),
        ("verdict", frame.verdict, VERDICTS),
    ):
        if given is not None and given not in allowed:
            raise Refusal("bad-request", f"{name} must be one of: {', '.join(sorted(allowed))}")

    def wants(entry: Entry) -> bool:
        principal = viewer()
        return (
            principal is not None
            and principal.may_see(entry.run_id, entry.tags)
            and frame.status in (None, entry.status)
            and frame.agent in (None, entry.agent)
            and frame.verdict in (None, entry.verdict)
        )

    return wants
