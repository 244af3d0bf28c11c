"""What single fields of an event may hold: one plain question each."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable
from typing import Any

from .canonical_json import canonical_json

Check = Callable[[Any], bool]

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.[0-9]{1,9})?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def string(value: Any) -> bool:
    return isinstance(value, str)


def non_empty(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def identity(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 256


def integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def number(value: Any) -> bool:
    return integer(value) or isinstance(value, float)


def natural(value: Any) -> bool:
    return integer(value) and 0 <= value <= 2**53 - 1


def natural_or_minus_one(value: Any) -> bool:
    return natural(value) or (integer(value) and value == -1)


def offset(value: Any) -> bool:
    return integer(value) and 0 <= value <= 2**63 - 1


def sha256_hex(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def one_of(*words: str) -> Check:
    return lambda value: isinstance(value, str) and value in words


def list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def distinct_parts(value: Any) -> bool:
    return list_of(natural)(value) and len(set(value)) == len(value)


def tags(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    given = {name: entry for name, entry in value.items() if entry is not None}
    if len(given) > 50:
        return False
    return all(
        len(name) <= 100 and isinstance(entry, str) and len(entry) <= 100
        for name, entry in given.items()
    )


def usage(value: Any) -> bool:
    return isinstance(value, dict) and len(canonical_json(value)) <= 4096


def rfc3339(value: Any) -> bool:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return False
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    if not 1 <= month <= 12:
        return False
    # Year 0 exists in RFC 3339 but not in Python's calendar; its February is year 400's.
    if not 1 <= day <= calendar.monthrange(year or 400, month)[1]:
        return False
    if match[7] is not None and (int(match[8]) > 23 or int(match[9]) > 59):
        return False
    if hour > 23 or minute > 59 or second > 60:
        return False
    return second < 60 or _leap_second(match, month, day, hour, minute)


def _leap_second(match: re.Match[str], month: int, day: int, hour: int, minute: int) -> bool:
    """RFC 3339 has a second 60 only where UTC can have one: at the end of June and December."""
    offset_minutes = 0
    if match[7] is not None:
        offset_minutes = int(match[8]) * 60 + int(match[9])
        if match[7] == "-":
            offset_minutes = -offset_minutes
    # Any year serves: neither month's end depends on it.
    local = datetime.datetime(2001, month, day if (month, day) != (2, 29) else 28, hour, minute)
    utc = local - datetime.timedelta(minutes=offset_minutes)
    last_minute = (utc.hour, utc.minute) == (23, 59)
    return last_minute and (utc.month, utc.day) in ((6, 30), (12, 31))
