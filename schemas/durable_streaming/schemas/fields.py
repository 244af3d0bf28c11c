"""The field types that events share, with their limits."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from durable_streaming.schemas.codec import canonical
from durable_streaming.schemas.ids import RUN_ID_PATTERN
from durable_streaming.schemas.times import is_plain_time, parse_time

MAX_SEQ = 2**53 - 1
"""Highest seq, epoch and index: the largest integer that JavaScript reads exactly."""

MAX_EVENT_BYTES: Final = 1_000_000

MAX_USAGE_BYTES = 4096


class WireModel(BaseModel):
    """A JSON object of the protocol: exact types, unknown fields ignored."""

    # Built at first use: an agent's start must not wait for the validators of all types.
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, defer_build=True)


def _is_time(text: str) -> str:
    if not is_plain_time(text):
        parse_time(text)
    return text


def _without_nulls(tags: Any) -> Any:
    # `null` is as absent, so it must not count against the limit.
    return {k: v for k, v in tags.items() if v is not None} if isinstance(tags, dict) else tags


def _each_once(parts: list[int]) -> list[int]:
    if len(set(parts)) != len(parts):
        raise ValueError("a part is named twice")
    return parts


def _is_small(usage: dict[str, Any]) -> dict[str, Any]:
    if len(canonical(usage)) > MAX_USAGE_BYTES:
        raise ValueError(f"longer than {MAX_USAGE_BYTES} bytes of canonical JSON")
    return usage


Time = Annotated[str, AfterValidator(_is_time)]
RunId = Annotated[str, Field(pattern=f"^(?:{RUN_ID_PATTERN})$")]
Id = Annotated[str, Field(max_length=256)]
Text = Annotated[str, Field(min_length=1)]
Index = Annotated[int, Field(ge=0, le=MAX_SEQ)]
LastIndex = Annotated[int, Field(ge=-1, le=MAX_SEQ)]
Offset = Annotated[int, Field(ge=0, le=2**63 - 1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TagText = Annotated[str, Field(max_length=100)]
Tags = Annotated[dict[TagText, TagText], Field(max_length=50), BeforeValidator(_without_nulls)]
Parts = Annotated[list[Index], AfterValidator(_each_once)]
Usage = Annotated[dict[str, Any], AfterValidator(_is_small)]
