"""A strict, iterative reading of JSON text: grammar, depth and numbers, each member judged.

JSON libraries disagree on what they let through (lone surrogates, NaN, integers beyond 64 bits,
members that a later equal key replaces) and fall over deep nesting. This scanner is the slow,
exact authority; `judge` calls it only where a cheap test of the bytes says that one of the
differences might be present.
"""

import math
import re
from typing import Literal

MAX_DEPTH = 100
"""Deepest nesting; the outermost object is level 1."""

Fault = Literal["not_json", "too_deep", "bad_number"]

_SPACE = re.compile(r"[ \t\n\r]*+")
_MARKS = frozenset("{}[]:,")
_SCALAR = re.compile(
    r"""(?P<string>"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")"""
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?P<real>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?))"
    r"|(?P<literal>true|false|null)"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)

_VALUE, _VALUE_OR_END, _KEY, _KEY_OR_END, _COLON, _COMMA_OR_END, _DONE = range(7)
_CLOSABLE = frozenset({_VALUE_OR_END, _KEY_OR_END, _COMMA_OR_END})


def find_fault(text: str) -> Fault | None:
    """Find the first rule that `text` breaks, in the order of the declaration of `Fault`.

    Depth and numbers are judged in all that is written, so also in members that a later
    equal key replaces.
    """
    deepest = 0
    number_fault = False
    closers: list[str] = []
    expect = _VALUE
    at, end = _skip_space(text, 0), len(text)
    while at < end:
        mark = text[at]
        if mark in _MARKS:
            # By hand: a megabyte of brackets must not take seconds of a reader's time.
            kind, at = None, at + 1
        else:
            token = _SCALAR.match(text, at)
            if token is None:
                return "not_json"
            kind, at = token.lastgroup, token.end()
            if kind == "number" and _number_is_bad(token):
                number_fault = True
        if expect <= _VALUE_OR_END and kind is not None:
            expect = _COMMA_OR_END if closers else _DONE
        elif expect <= _VALUE_OR_END and mark in "[{":
            closers.append("]" if mark == "[" else "}")
            deepest = max(deepest, len(closers))
            expect = _VALUE_OR_END if mark == "[" else _KEY_OR_END
        elif expect in _CLOSABLE and closers and mark == closers[-1]:
            closers.pop()
            expect = _COMMA_OR_END if closers else _DONE
        elif expect in (_KEY, _KEY_OR_END) and kind == "string":
            expect = _COLON
        elif expect == _COLON and mark == ":":
            expect = _VALUE
        elif expect == _COMMA_OR_END and mark == ",":
            expect = _KEY if closers[-1] == "}" else _VALUE
        else:
            return "not_json"
        at = _skip_space(text, at)
    if expect != _DONE:
        return "not_json"
    if deepest > MAX_DEPTH:
        return "too_deep"
    return "bad_number" if number_fault else None


def has_lone_surrogate(text: str) -> bool:
    r"""Say whether an escape `\ud800` to `\udfff` stands without its other half.

    The test is lexical, so it also answers for text that is no JSON.
    """
    low_must_start_at: int | None = None
    for escape in _ESCAPE.finditer(text):
        digits = escape.group(1)
        unit = int(digits, 16) if digits else 0
        is_low = 0xDC00 <= unit <= 0xDFFF
        if low_must_start_at is not None:
            if not is_low or escape.start() != low_must_start_at:
                return True
            low_must_start_at = None
        elif is_low:
            return True
        elif 0xD800 <= unit <= 0xDBFF:
            low_must_start_at = escape.end()
    return low_must_start_at is not None


def _skip_space(text: str, at: int) -> int:
    if text[at : at + 1] > " ":
        return at
    match = _SPACE.match(text, at)
    return match.end() if match is not None else at


def _number_is_bad(token: re.Match[str]) -> bool:
    digits = token.group("number")
    if token.group("real"):
        return not math.isfinite(float(digits))
    # Longer than any 64-bit integer: also spares int() its limit of 4,300 digits.
    return len(digits) > 20 or not -(2**63) <= int(digits) < 2**63
