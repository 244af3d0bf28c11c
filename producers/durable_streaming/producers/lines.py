"""Lines of JSON from a pipe or file, each judged as strictly as the event it is to become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from durable_streaming.schemas import (
    MAX_EVENT_BYTES,
    BadRecord,
    decode,
    is_control_type,
    judge_value,
)

# The envelope that the judge wants, at the end, where it wins over members of the same name. It is
# shorter than a real one, so that no line is refused here that would have fitted.
_ENVELOPE: Final = (
    b'"schema_version":1,"seq":0,"time":"2000-01-01T00:00:00Z","producer_id":"","producer_epoch":0}'
)
_SPACE: Final = b" \t\r\n"
# Between the tokens of a line tabs and returns are JSON, while an event has no raw byte below 0x20.
_TO_SPACES: Final = bytes.maketrans(b"\t\r", b"  ")


class BadLine(ValueError):
    """The line can't become an event.

    Attributes:
        run_id: what the line says it is about, where that can be read.
    """

    def __init__(self, reason: str, run_id: str | None = None) -> None:
        super().__init__(reason)
        self.run_id = run_id


class Line(NamedTuple):
    """What one line says."""

    run_id: str
    type: str
    data: Any


def read_lines(stream: BinaryIO, longest: int = MAX_EVENT_BYTES) -> Iterator[bytes]:
    """Give the lines of a binary stream, in bounded memory.

    Args:
        stream: what to read; its `readline` may wait.
        longest: most bytes of a line. A longer one is cut just behind that, so that it is still
            refused as too large, and the rest of it is skipped.
    """
    while line := stream.readline(longest + 2):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(65_536)
        yield line.rstrip(b"\n")


def parse_line(line: bytes) -> Line:
    """Read `{"run_id", "type", "data"}`; other members are ignored.

    Raises:
        BadLine: it is not that, or no valid event can come of it.
    """
    body = line.strip(_SPACE)
    if not body.startswith(b"{") or not body.endswith(b"}"):
        raise BadLine("not_json: a line is one JSON object with run_id, type and data")
    inner = body[1:-1].strip(_SPACE)
    if not inner:
        raise BadLine("not_an_event: the object is empty; it needs run_id, type and data")
    if b"\t" in inner or b"\r" in inner:
        inner = _spaced(body, inner)
    event = judge_value(b"{" + inner + b"," + _ENVELOPE)
    if isinstance(event, BadRecord):
        raise _refusal(event, body)
    return Line(event.run_id, event.type, event.data)


def _spaced(body: bytes, inner: bytes) -> bytes:
    try:
        decode(body)
    except (ValueError, RecursionError):
        # Perhaps it is the tab in a string that is wrong: the judge finds it.
        return inner
    return inner.translate(_TO_SPACES)


def _refusal(bad: BadRecord, body: bytes) -> BadLine:
    told = f"{bad.reason}: {bad.detail}"
    if bad.reason not in ("not_an_event", "unsupported_version"):
        return BadLine(told)
    found = decode(body)
    kind, run_id = found.get("type"), found.get("run_id")
    if isinstance(kind, str) and is_control_type(kind):
        told = f"not_an_event: {kind} is a control event, which no producer publishes"
    return BadLine(told, run_id if isinstance(run_id, str) else None)
