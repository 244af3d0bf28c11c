"""What generated events are filled with: plain and nasty strings, ids that repeat, any JSON."""

from __future__ import annotations

from typing import Any

from .choice import Chooser

PIECES = (
    "Kafka keeps ",
    "every record. ",
    "é",  # one code point, NFC
    "e\u0301",  # the same letter as two code points: never normalised
    "👩\u200d👩\u200d👧\u200d👦",  # one glyph, seven code points
    "😀🦊",  # astral: four bytes, two UTF-16 units each
    "\r\n",
    '"quoted" \\ back',
    "\x00\x1f\x7f",
    "\u2028\u2029\ufeff",
    "مرحبا",
    "\t",
)
LONG_PIECES = ("long " * 130, "😀" * 501, "x" * 2_047, "y" * 2_048, "é" * 1_500)
ANY_JSON: tuple[Any, ...] = (
    None,
    {},
    {"z": 1, "a": [1, 2.5, "three", None, True], "\U0001f600": "last by code point", "\uffff": 0},
    [],
    0,
    1.0,
    -0.0,
    1e21,
    1e-7,
    123456789012345680000.0,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    "text",
    [[[[[]]]]],
)
# Pairs that are equal as canonical JSON although they are not written alike.
EQUAL_JSON: tuple[tuple[Any, Any], ...] = ((1, 1.0), (0, -0.0), (10**18, 1e18), ([100], [1e2]))


def text(chooser: Chooser) -> str:
    """Non-empty text, now and then long."""
    if chooser.chance(5):
        return chooser.pick(LONG_PIECES)
    return "".join(chooser.pick(PIECES) for _ in range(chooser.integer(1, 3)))


def string(chooser: Chooser) -> str:
    """Any string, empty ones and those beyond the cut of derived records included."""
    kind = chooser.integer(0, 9)
    if kind == 9:
        return ""
    return text(chooser) if kind >= 6 else f"word {kind}"


def identity(chooser: Chooser, prefix: str) -> str:
    """An id from so small a pool that it repeats."""
    number = chooser.integer(0, 5)
    # 256 code points is the limit of an id and beyond the length where other strings are cut.
    return f"{prefix}{number}" if number < 5 else (prefix + "😀" * 256)[:256]


def moment(chooser: Chooser) -> str:
    """A time; nothing says that times rise along a run."""
    second = chooser.integer(0, 59)
    fraction = chooser.pick(("", ".5", ".123456789", ".000"))
    return f"2026-11-23T15:40:{second:02}{fraction}Z"
