"""What can be refused, by its slug: one table for HTTP statuses and WebSocket close codes."""

from dataclasses import dataclass
from typing import Final, Literal

Slug = Literal[
    "bad-request",
    "unauthenticated",
    "origin-refused",
    "no-such-run",
    "epoch-changed",
    "run-ended",
    "offset-expired",
    "past-the-end",
    "slow-down",
    "not-ready",
    "no-agent",
    "bad-frame",
]


@dataclass(slots=True, frozen=True)
class ProblemKind:
    """How a refusal travels.

    Attributes:
        status: of HTTP.
        close_code: of the per-run WebSocket.
        title: the same for every occurrence.
    """

    status: int
    close_code: int
    title: str


PROBLEMS: Final[dict[Slug, ProblemKind]] = {
    "bad-request": ProblemKind(400, 4400, "The request is malformed"),
    "unauthenticated": ProblemKind(401, 4401, "Not authenticated"),
    "origin-refused": ProblemKind(403, 4401, "Origin or host not allowed"),
    "no-such-run": ProblemKind(404, 4404, "No such run"),
    "epoch-changed": ProblemKind(409, 4409, "The topic was created anew"),
    "run-ended": ProblemKind(409, 4400, "The run has ended"),
    "offset-expired": ProblemKind(410, 4410, "The position has expired"),
    "past-the-end": ProblemKind(416, 4416, "The position is past the end"),
    "slow-down": ProblemKind(429, 4429, "Too many requests"),
    "not-ready": ProblemKind(503, 1013, "Not ready"),
    "no-agent": ProblemKind(503, 1013, "No agent serves under this name"),
    "bad-frame": ProblemKind(400, 4400, "The frame is malformed"),
}
