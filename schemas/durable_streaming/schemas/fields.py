"""The field types that events share, with their limits."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from durable_streaming.schemas.codec import canonical
from durable_streaming.schemas.ids import RUN_ID_PATTERN

MAX_SEQ = 2**53 - 1
"""Highest seq, epoch and index: the largest integer that JavaScript reads exactly."""

MAX_USAGE_BYTES = 4096

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


class WireModel(BaseModel):
    """A JSON object of the protocol: exact types, unknown fields ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


def is_plain_time(text: str) -> bool:
    """Say whether a text is certainly a valid time: its day is in every month."""
    return _TIME.fullmatch(text) is not None and text[8:10] <= "28" and text[5:7] != "00"


def _is_time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("no RFC 3339 time such as 2026-11-23T15:40:27.518Z")
    date.fromisoformat(match[1])
    return text


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
Tags = Annotated[dict[TagText, TagText | None], Field(max_length=50)]
Parts = Annotated[list[Index], AfterValidator(_each_once)]
Usage = Annotated[dict[str, Any], AfterValidator(_is_small)]
