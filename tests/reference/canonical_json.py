"""Canonical JSON as the protocol writes derived records and compares values."""

from __future__ import annotations

from typing import Any

# What JSON needs escaped: the short form where there is one.
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)} | {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\b"): "\\b",
    ord("\f"): "\\f",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}


def canonical_json(value: Any) -> bytes:
    """Write ``value`` as canonical JSON in UTF-8."""
    return _written(value).encode("utf-8")


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return _written_string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _written_double(value)
    if isinstance(value, list):
        return "[" + ",".join([_written(item) for item in value]) + "]"
    if isinstance(value, dict):
        # Python compares strings by code point, which is the order asked for.
        members = [_written_string(key) + ":" + _written(value[key]) for key in sorted(value)]
        return "{" + ",".join(members) + "}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _written_string(text: str) -> str:
    return '"' + text.translate(_ESCAPES) + '"'


def _written_double(value: float) -> str:
    """The shortest decimal that reads back as ``value``, laid out as ECMAScript does (RFC 8785)."""
    if value == 0:
        return "0"
    if value < 0:
        return "-" + _written_double(-value)
    # repr gives the shortest digits; only its layout differs from ECMAScript's.
    mantissa, _, exponent_text = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent_text or "0")
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    # From here on the value is 0.DIGITS times ten to the power of `point`.
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    exponent = point - 1
    sign = "+" if exponent > 0 else "-"
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{sign}{abs(exponent)}"
