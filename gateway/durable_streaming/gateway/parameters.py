"""Reading parameters strictly: what is malformed, repeated or contradicting is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, get_args
from urllib.parse import parse_qsl, unquote

from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import ResumeToken, is_run_id, parse_offset
from durable_streaming.schemas.records import RunStatus, Verdict

Origin = Literal["start", "now"]
_MAX_TEXT = 256

RUN_STATUSES: tuple[str, ...] = get_args(RunStatus)
VERDICTS: tuple[str, ...] = get_args(Verdict)


class Wanted(NamedTuple):
    """Where a reader wants to begin: one of the three."""

    token: ResumeToken | None = None
    offset: int | None = None
    origin: Origin = "start"

    @property
    def next_offset(self) -> int | None:
        """The position, where one was given."""
        return self.offset if self.token is None else self.token.next_offset


class Query:
    """A query string, each parameter at most once. Parameters that are not known are ignored."""

    def __init__(self, query_string: bytes) -> None:
        """Parse it.

        Raises:
            Refusal: it is no query string in UTF-8.
        """
        try:
            self._pairs = parse_qsl(
                query_string.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=100,
            )
        except ValueError:
            raise Refusal("bad-request", "the query string is not percent-encoded UTF-8") from None

    def text(self, name: str) -> str | None:
        """Return a parameter's text, None where it is absent."""
        values = [value for key, value in self._pairs if key == name]
        if len(values) > 1:
            raise Refusal("bad-request", f"{name} is given more than once: give it once")
        if not values:
            return None
        if not values[0] or len(values[0]) > _MAX_TEXT:
            raise Refusal(
                "bad-request",
                f"{name} must have 1 to {_MAX_TEXT} characters: leave it out or fill it",
            )
        return values[0]

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """Return a parameter that must be one of a few words."""
        value = self.text(name)
        if value is not None and value not in allowed:
            raise Refusal("bad-request", f"{name} must be one of: {', '.join(sorted(allowed))}")
        return value

    def limit(self, default: int, most: int) -> int:
        """Return the parameter `limit`."""
        return self.optional_limit(most) or default

    def optional_limit(self, most: int) -> int | None:
        """Return the parameter `limit`, None where it is absent."""
        text = self.text("limit")
        if text is None:
            return None
        number = _number("limit", text)
        if not 1 <= number <= most:
            raise Refusal("bad-request", f"limit must be 1 to {most}")
        return number

    def wanted(self, *, with_origin: bool = False) -> Wanted:
        """Return where to begin: `after`, `from_offset` or, on a WebSocket, `from`."""
        return read_wanted(
            self.text("after"),
            self.text("from_offset"),
            self.text("from") if with_origin else None,
        )


def read_wanted(after: str | None, from_offset: str | None, origin: str | None) -> Wanted:
    """Read where to begin from at most one of the three ways to say it.

    Raises:
        Refusal: one is malformed, or they contradict.
    """
    if sum(given is not None for given in (after, from_offset, origin)) > 1:
        raise Refusal("bad-request", "give one position: after, from_offset or from")
    if after is not None:
        try:
            return Wanted(token=ResumeToken.parse(after))
        except ValueError as error:
            raise Refusal("bad-request", f"after: {error}") from None
    if from_offset is not None:
        return Wanted(offset=_number("from_offset", from_offset))
    if origin is None or origin == "start":
        return Wanted()
    if origin == "now":
        return Wanted(origin="now")
    raise Refusal("bad-request", "from must be start or now")


def last_event_id(values: Sequence[str]) -> Wanted | None:
    """Read where a browser's EventSource goes on, None where it has not begun.

    Raises:
        Refusal: it is no resume token, or there are several.
    """
    if len(values) > 1:
        raise Refusal("bad-request", "Last-Event-ID is given more than once: give it once")
    if not values or not values[0]:
        return None
    try:
        return Wanted(token=ResumeToken.parse(values[0]))
    except ValueError as error:
        raise Refusal("bad-request", f"Last-Event-ID: {error}") from None


def read_run_id(segment: str) -> str:
    """Read a run id from a path segment that is still percent-encoded.

    Raises:
        Refusal: it can't name a run.
    """
    try:
        run_id = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        run_id = ""
    return check_run_id(run_id)


def check_run_id(run_id: str) -> str:
    """Give a run id back when it may name a run.

    Raises:
        Refusal: it can't.
    """
    if not is_run_id(run_id):
        raise Refusal(
            "bad-request",
            "a run id has 1 to 128 of A-Z a-z 0-9 . _ : - and begins with a letter or digit",
        )
    return run_id


def _number(name: str, text: str) -> int:
    try:
        return parse_offset(text)
    except ValueError:
        raise Refusal(
            "bad-request", f"{name} must be 0 to 9223372036854775807 in plain ASCII digits"
        ) from None
