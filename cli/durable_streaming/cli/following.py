"""Following a run over the WebSocket, across reconnects, from the token of the last frame."""

import json
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

from durable_streaming.cli.client import credentials
from durable_streaming.cli.exits import (
    CliError,
    GapError,
    NotFoundError,
    UnauthenticatedError,
    UnreachableError,
    UsageError,
)
from durable_streaming.cli.output import note

_SILENCE_S = 30.0
"""The gateway says something at least every 15 s; longer silence is a dead connection."""

_GIVE_UP_S = 120.0
_ERRORS: dict[str, type[CliError]] = {
    "bad-request": UsageError,
    "no-such-run": NotFoundError,
    "offset-expired": GapError,
    "past-the-end": UsageError,
    "unauthenticated": UnauthenticatedError,
}
# Said while the gateway or the broker starts, or when this client was too slow: try again.
_PASSING = {"not-ready", "slow-down"}


def follow(base_url: str, run_id: str, position: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Give the frames of a run until it is closed; each event exactly once, in order.

    Args:
        base_url: the gateway's address.
        run_id: which run.
        position: the query that says where to begin: `after`, `from_offset` or `from`.

    Raises:
        NotFoundError: there is no such run.
        GapError: the position is not kept any more.
        UnreachableError: the gateway stays away.
    """
    token: str | None = None
    silent_since = time.monotonic()
    attempt = 0
    while True:
        query = {"after": token} if token is not None else position
        try:
            for frame in _frames(_address(base_url, run_id, query)):
                attempt, silent_since = 0, time.monotonic()
                kind = frame["type"]
                if kind == "error" and frame["code"] not in _PASSING:
                    raise _ERRORS.get(frame["code"], CliError)(frame["message"])
                # A gap is said once, before the first event; the caller tells the person.
                if kind in ("event", "caught_up", "closed"):
                    token = frame["token"]
                yield frame
                if kind == "closed":
                    return
        except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as error:
            if isinstance(error, InvalidStatus) and error.response.status_code == 404:
                raise NotFoundError(f"no run {run_id}") from error
            if time.monotonic() - silent_since > _GIVE_UP_S:
                raise UnreachableError(f"the gateway at {base_url} stays away: {error}") from error
        if attempt == 1:
            note("connection lost: going on from the last event seen")
        attempt += 1
        # Full jitter, so that viewers of a restarted gateway do not come back all at once.
        time.sleep(random.uniform(0.05, min(5.0, 0.25 * 2**attempt)))


def _address(base_url: str, run_id: str, query: dict[str, str]) -> str:
    scheme, _, rest = base_url.partition("://")
    socket = "wss" if scheme == "https" else "ws"
    return f"{socket}://{rest}/v1/runs/{quote(run_id, safe='')}/ws?{urlencode(query)}"


def _frames(address: str) -> Iterator[dict[str, Any]]:
    with connect(
        address,
        subprotocols=["durable.v1"],  # type: ignore[list-item]
        compression=None,
        max_size=None,
        proxy=None,
        additional_headers=credentials(),
        open_timeout=10,
        close_timeout=1,
    ) as socket:
        while True:
            frame: dict[str, Any] = json.loads(socket.recv(timeout=_SILENCE_S))
            yield frame
