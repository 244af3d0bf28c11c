"""What a run used, in the provider's own names."""

from collections.abc import Mapping
from typing import Any

from durable_streaming.schemas import canonical
from durable_streaming.schemas.fields import MAX_USAGE_BYTES


def summed(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Add the usage of two messages of one run: numbers are added, other values replaced."""
    total = dict(first)
    for name, value in second.items():
        before = total.get(name)
        if isinstance(value, Mapping):
            total[name] = summed(before if isinstance(before, Mapping) else {}, value)
        elif _is_number(value) and _is_number(before):
            total[name] = before + value
        elif value is not None:
            total[name] = value
    return total


def latest(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Take the newer of two counts that both speak of the whole message."""
    return {**first, **{name: value for name, value in second.items() if value is not None}}


def fitting(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Give usage that the terminal event can hold: details go first, and their going is told."""
    size = _size(usage)
    if size <= MAX_USAGE_BYTES:
        return dict(usage)
    totals = {name: value for name, value in usage.items() if _is_number(value)}
    totals["omitted_bytes"] = size
    return totals if _size(totals) <= MAX_USAGE_BYTES else {"omitted_bytes": size}


def _size(value: Mapping[str, Any]) -> int:
    try:
        return len(canonical(dict(value)))
    except (ValueError, TypeError):
        return 0  # No JSON: whoever publishes it refuses it, and says why.


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
