"""Generated spellings of one event: the same object in bytes that look different."""

from __future__ import annotations

import json
from typing import Any

from .choice import Chooser

STYLES = ("compact", "spaced", "ascii", "reversed", "replaced", "surrounded", "extended")


def encode(chooser: Chooser, event: dict[str, Any]) -> bytes:
    """The event as one record's value, in one of many valid spellings."""
    style = chooser.pick(STYLES) if chooser.chance(30) else "compact"
    if style == "spaced":
        return json.dumps(event, ensure_ascii=False, separators=(" , ", " : ")).encode()
    if style == "ascii":
        return plain(event, ascii_only=True)
    if style == "reversed":
        return plain(dict(reversed(event.items())))
    if style == "replaced":
        # The members written first don't count, however wrong they would be.
        return b'{"seq":"x","type":[],"data":7,"schema_version":9,' + plain(_whole(event))[1:]
    if style == "surrounded":
        return b" \t\r\n" + plain(event) + b"\n\n"
    if style == "extended":
        return plain({**event, "trace": {"id": "😀"}, "schema_versions": 2, "Seq": -1})
    return plain(event)


def plain(event: dict[str, Any], *, ascii_only: bool = False) -> bytes:
    """Compact JSON in the order of the members."""
    return json.dumps(event, ensure_ascii=ascii_only, separators=(",", ":")).encode()


def _whole(event: dict[str, Any]) -> dict[str, Any]:
    """The event with every member that a replaced one could otherwise stand in for."""
    return {"seq": None, "data": None, **event} if "data" not in event else {"seq": None, **event}
