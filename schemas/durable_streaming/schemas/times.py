"""Time as events carry it: RFC 3339 with `T` and `Z` in upper case."""

import re
from datetime import UTC, datetime

_TIME = re.compile(
    r"([0-9]{4})(-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]):([0-5][0-9]|60)"
    r"(?:\.([0-9]{1,9}))?(?:Z|([+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))"
)
_PLAIN_TIME = re.compile(
    r"(?!0000)[0-9]{4}-"
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LEAP_MOMENTS = {(6, 30, 23, 59), (12, 31, 23, 59)}


def is_plain_time(text: str) -> bool:
    """Say, fast, whether a text is certainly a time; False says nothing.

    Plain is what has a year that Python has, no leap day and no leap second.
    """
    return _PLAIN_TIME.fullmatch(text) is not None


def parse_time(text: str) -> datetime:
    """Read a time, to the microsecond.

    A leap second reads as the second before it, the year 0 as the year 4 (a leap year too):
    Python has neither.

    Raises:
        ValueError: it is no time, or a day that no calendar has.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("no RFC 3339 time such as 2026-11-23T15:40:27.518Z")
    year, to_minute, second, fraction, offset = match.groups()
    is_leap_second = second == "60"
    moment = datetime.fromisoformat(
        f"{'0004' if year == '0000' else year}{to_minute}:{'59' if is_leap_second else second}"
        f".{(fraction or '0')[:6].ljust(6, '0')}{offset or '+00:00'}"
    )
    if is_leap_second and not _may_leap(moment):
        raise ValueError("a second 60 that UTC can't have: only June and December end in one")
    return moment


def _may_leap(moment: datetime) -> bool:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # beyond the years that Python has
        return False
    return (utc.month, utc.day, utc.hour, utc.minute) in _LEAP_MOMENTS
