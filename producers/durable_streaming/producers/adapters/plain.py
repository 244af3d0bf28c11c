"""Objects of frameworks as the JSON that they would be written as."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from math import isfinite
from typing import Any, Final

_MAX_DEPTH: Final = 80


def plain(value: Any, depth: int = 0) -> Any:
    """Give `value` as JSON values; private members are left out.

    What JSON has no word for becomes its `str()`: a tool may give anything, and a stream must not
    end by it.
    """
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > _MAX_DEPTH:
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: plain(item, depth + 1) for name, item in members.items() if name[:1] != "_"}
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if callable(dump := getattr(value, "model_dump", None)):
        return plain(dump(warnings=False), depth + 1)
    return str(value)
