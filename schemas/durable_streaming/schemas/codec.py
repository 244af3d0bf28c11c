"""The one codec: canonical JSON out, strict JSON in.

Canonical form: UTF-8, keys sorted by code point, no spaces, no escapes beyond what JSON needs,
integers in full, other numbers as RFC 8785 writes them. Two values are equal when their canonical
bytes are.
"""

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec

_plain: Callable[[Any], bytes] = msgspec.json.Encoder(order="sorted").encode
_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
_quote: Callable[[str], str] = json.encoder.c_encode_basestring  # type: ignore[attr-defined]


def canonical(value: Any) -> bytes:
    """Write `value` (dict, list, tuple, str, int, float, bool, None) as canonical JSON.

    Raises:
        ValueError: a float is not finite, or a string holds a lone surrogate.
        TypeError: a value is of another type, or a key is no string.
    """
    if not _has_float(value):
        return _plain(value)
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts).encode()


def decode(text: bytes | str) -> Any:
    """Read JSON; the caller has judged it, or trusts who wrote it.

    Raises:
        ValueError: the text is no JSON.
    """
    return _decode(text)  # type: ignore[arg-type]


def _has_float(value: Any) -> bool:
    pending = [value]
    # The list grows while it is walked: a loop costs a quarter of a recursion.
    for item in pending:
        if isinstance(item, str | int):
            continue
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list | tuple):
            pending += item
        elif isinstance(item, float):
            return True
    return False


def _write(value: Any, emit: Callable[[str], object]) -> None:
    if isinstance(value, float):
        emit(format_double(value))
    elif isinstance(value, dict):
        emit("{")
        for index, key in enumerate(sorted(value)):
            emit((("," if index else "") + _quote(key)) + ":")
            _write(value[key], emit)
        emit("}")
    elif isinstance(value, list | tuple):
        emit("[")
        for index, item in enumerate(value):
            if index:
                emit(",")
            _write(item, emit)
        emit("]")
    else:
        emit(_plain(value).decode())


def format_double(number: float) -> str:
    """Write a finite double as ECMAScript does (RFC 8785, section 3.2.2.3).

    Raises:
        ValueError: `number` is not finite.
    """
    if not math.isfinite(number):
        raise ValueError(f"{number!r} can't be written as JSON: send a finite number")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    # repr gives the shortest digits that read back as the same double, as ECMAScript demands;
    # only where the point and the exponent stand differs.
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = point - 1
    tail = "." + digits[1:] if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"
