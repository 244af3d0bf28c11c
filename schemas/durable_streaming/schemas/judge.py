"""The one predicate: which bytes are a valid event, and why others are not.

SDK, processors, gateway and evaluation all call it, so an event that one of them takes is taken
by all. The order of the checks is the order of the reasons in `docs/protocol.md`.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Literal, get_args

import msgspec
from pydantic import BaseModel, ValidationError

from durable_streaming.schemas import events as models
from durable_streaming.schemas.codec import decode
from durable_streaming.schemas.deltas import NO_PART, PlainDelta, read_plain_delta
from durable_streaming.schemas.fields import MAX_EVENT_BYTES
from durable_streaming.schemas.ids import MAX_RUN_ID_BYTES, is_run_id, partition_for
from durable_streaming.schemas.strictjson import MAX_DEPTH, find_fault, has_lone_surrogate

SCHEMA_VERSION: Final = 1
MAX_RECORD_BYTES: Final = 1_048_576

Reason = Literal[
    "empty",
    "too_large",
    "bad_text",
    "not_json",
    "too_deep",
    "bad_number",
    "not_an_event",
    "unsupported_version",
    "wrong_key",
    "wrong_partition",
]

_MODELS: Final[dict[str, type[BaseModel]]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in get_args(get_args(models.AnyEvent)[0])
}

EVENT_TYPES: Final = frozenset(_MODELS)
TERMINAL_TYPES: Final = frozenset({"run.completed", "run.failed", "run.cancelled"})
CONTROL_TYPES: Final = frozenset({"run.timed_out", "run.cancel_requested", "run.resumed"})


class Absent:
    """The type of `ABSENT`: `data` was not there, which for unknown types differs from null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()

# Cheap signs that a library's reading and the strict one may differ; then the scanner decides.
# Translating and searching bytes is several times faster than any regular expression.
_CONTROL_BYTES = bytes(range(0x20))
_MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_MAYBE_BAD_NUMBER = (b"0" * 19, b"0e000", b"0e+000", b"0e-000")
# Where a number may stand: one hexadecimal id in four has the signs above in a string.
_PLACED_BAD_NUMBER = re.compile(rb"[:\[,] *-?(?:0{19}|0+(?:\.0+)?e[+-]?000)")


class Event(msgspec.Struct, frozen=True, gc=False):
    """One valid event.

    Attributes:
        data: as decoded, nulls kept; `{}` where absent or null in a known type, `ABSENT` where
            absent in an unknown one.
        value: the stored bytes, stripped of the white space around them.
    """

    run_id: str
    type: str
    time: str
    seq: int | None
    producer_id: str | None
    producer_epoch: int | None
    data: Any
    value: bytes

    @property
    def is_control(self) -> bool:
        """Whether the event stands outside the run's sequence."""
        return self.seq is None

    @property
    def is_terminal(self) -> bool:
        """Whether folding the event ends the run."""
        return self.type in TERMINAL_TYPES


@dataclass(slots=True, frozen=True)
class BadRecord:
    """Why a record is no valid event: a slug of the protocol and a sentence for a person."""

    reason: Reason
    detail: str


def is_control_type(name: str) -> bool:
    """Say whether events of this type carry no `seq`."""
    return name in CONTROL_TYPES or name.startswith("control.")


def judge(
    value: bytes | None, key: bytes | None, partition: int, partitions: int
) -> Event | BadRecord:
    """Judge one record of the events topic.

    Args:
        value: the record's value.
        key: the record's key, which must be the run id.
        partition: where the record stands.
        partitions: how many partitions the topic has.
    """
    delta = read_plain_delta(value) if value is not None else None
    if delta is not None and key == delta.run_id.encode() and _is_home(key, partition, partitions):
        return _delta_event(delta, value or b"")
    parsed = _read_object(value)
    if isinstance(parsed, BadRecord):
        return parsed
    found, body = parsed
    run_id: str = found["run_id"]
    if key != run_id.encode():
        return BadRecord("wrong_key", "the record's key is not the event's run_id")
    home = partition_for(key, partitions)
    if partition != home:
        return BadRecord(
            "wrong_partition", f"murmur2 puts this key into partition {home}, not {partition}"
        )
    return _judge_fields(found, body)


def judge_value(value: bytes | None) -> Event | BadRecord:
    """Judge an event that has no place in a topic yet, as a producer does before it sends."""
    delta = read_plain_delta(value) if value is not None else None
    if delta is not None and is_run_id(delta.run_id):
        return _delta_event(delta, value or b"")
    parsed = _read_object(value)
    if isinstance(parsed, BadRecord):
        return parsed
    return _judge_fields(*parsed)


def _delta_event(delta: PlainDelta, value: bytes) -> Event:
    found = delta.data
    data = {"text": found.text}
    if found.part != NO_PART:
        data["part"] = found.part  # type: ignore[assignment]
    return Event(
        delta.run_id,
        delta.type,
        delta.time,
        delta.seq,
        delta.producer_id,
        delta.producer_epoch,
        data,
        value,
    )


def _is_home(key: bytes, partition: int, partitions: int) -> bool:
    # A key of any length must not be kept by the cache.
    return len(key) <= MAX_RUN_ID_BYTES and _home_of(key, partitions) == partition


@lru_cache(maxsize=65_536)
def _home_of(key: bytes, partitions: int) -> int | None:
    return partition_for(key, partitions) if is_run_id(key.decode()) else None


def _read_object(value: bytes | None) -> tuple[dict[str, Any], bytes] | BadRecord:
    """Read the text, and the version and run id in it."""
    body = (value or b"").strip(b" \t\r\n")
    if not body:
        return BadRecord("empty", "the value is empty")
    if len(body) > MAX_EVENT_BYTES:
        return BadRecord("too_large", f"{len(body)} bytes are more than {MAX_EVENT_BYTES}")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return BadRecord("bad_text", f"no UTF-8 at byte {error.start}")
    if text[0] == "\ufeff":
        return BadRecord("bad_text", "begins with a byte order mark")
    if len(body.translate(None, _CONTROL_BYTES)) != len(body):
        return BadRecord("bad_text", "a byte below 0x20: escape it")
    if _MAYBE_SURROGATE.search(body) and has_lone_surrogate(text):
        return BadRecord("bad_text", "a lone surrogate is escaped in a string")
    found = _decode(text, body)
    if isinstance(found, BadRecord):
        return found
    if not isinstance(found, dict):
        return BadRecord("not_an_event", "no JSON object")
    version = found.get("schema_version")
    if type(version) is not int:
        return BadRecord("not_an_event", "schema_version is no integer")
    if version != SCHEMA_VERSION:
        return BadRecord("unsupported_version", f"schema_version {version} is not known here")
    run_id = found.get("run_id")
    if not isinstance(run_id, str) or not is_run_id(run_id):
        return BadRecord("not_an_event", "run_id: no valid run id")
    return found, body


def _decode(text: str, body: bytes) -> Any:
    alike = body.translate(_DIGITS_ALIKE)
    deep = body.count(b"{") + body.count(b"[") > MAX_DEPTH
    if not deep and not (
        any(sign in alike for sign in _MAYBE_BAD_NUMBER) and _PLACED_BAD_NUMBER.search(alike)
    ):
        try:
            return decode(body)
        except (ValueError, RecursionError):
            pass  # The scanner says which rule was broken.
    fault = find_fault(text)
    if fault == "not_json":
        return BadRecord("not_json", "not JSON by RFC 8259")
    if fault == "too_deep":
        return BadRecord("too_deep", f"nested deeper than {MAX_DEPTH}")
    if fault == "bad_number":
        return BadRecord("bad_number", "an integer beyond 64 bits, or a number beyond a double")
    return decode(body)


def _judge_fields(found: dict[str, Any], body: bytes) -> Event | BadRecord:
    kind = found.get("type")
    if not isinstance(kind, str):
        return BadRecord("not_an_event", "type is no string")
    known = kind in _MODELS
    control = is_control_type(kind)
    try:
        _validator(kind).validate_python(found)
    except ValidationError as error:
        return BadRecord("not_an_event", _first_error(error))
    data = found.get("data", {} if known else ABSENT)
    if data is None and known:
        data = {}
    owned = not control or kind == "run.resumed"
    return Event(
        run_id=found["run_id"],
        type=kind,
        time=found["time"],
        seq=None if control else found["seq"],
        producer_id=found["producer_id"] if owned else None,
        producer_epoch=found["producer_epoch"] if owned else None,
        data=data,
        value=body,
    )


@cache
def _validator_of(model: type[BaseModel]) -> Any:
    model.model_rebuild()
    return model.__pydantic_validator__


def _validator(kind: str) -> Any:
    unknown = models.UnknownControlEvent if is_control_type(kind) else models.UnknownEvent
    return _validator_of(_MODELS.get(kind, unknown))


def _first_error(error: ValidationError) -> str:
    # Names and rules only: a payload must not travel in a detail that is logged.
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    return f"{path}: {first['msg']}"[:300]
