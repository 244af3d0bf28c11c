"""A strict JSON reader (RFC 8259) that judges everything written, replaced members included.

It never recurses, so a hostile nesting of a million levels is judged like any other text. It reads
the whole text before it complains about depth or numbers, because a text that is no JSON at all
has to be called that first.
"""

from __future__ import annotations

import math
import re
from typing import Any

MAX_DEPTH = 100
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**63 - 1

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}")
_SHORT_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class Malformed(Exception):
    """The text breaks a rule of form; ``reason`` is the slug of the first rule that it breaks."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class _Reader:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.deepest = 0
        self.bad_number = ""

    def fail(self, detail: str) -> Malformed:
        return Malformed("not_json", f"{detail} at character {self.at}")

    def peek(self) -> str:
        """The next character that is no white space; '' at the end."""
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self, expected: str) -> None:
        if self.peek() != expected:
            raise self.fail(f"expected {expected!r}")
        self.at += 1

    def string(self) -> str:
        self.take('"')
        pieces: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            pieces.append(plain.group() if plain else "")
            self.at += len(pieces[-1])
            ending = self.text[self.at : self.at + 1]
            self.at += 1
            if ending == '"':
                return "".join(pieces)
            if ending != "\\":
                raise self.fail("a control character in a string, or no end of it")
            pieces.append(self.escape())

    def escape(self) -> str:
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter in _SHORT_ESCAPES:
            return _SHORT_ESCAPES[letter]
        if letter != "u":
            raise self.fail("an unknown escape")
        unit = self.four_hex_digits()
        if not 0xD800 <= unit <= 0xDBFF:
            return chr(unit)
        if self.text[self.at : self.at + 2] == "\\u":
            before = self.at
            self.at += 2
            low = self.four_hex_digits()
            if 0xDC00 <= low <= 0xDFFF:
                return chr(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00))
            self.at = before
        return chr(unit)

    def four_hex_digits(self) -> int:
        match = _HEX4.match(self.text, self.at)
        if match is None:
            raise self.fail("four hex digits are missing")
        self.at = match.end()
        return int(match.group(), 16)

    def number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self.fail("no JSON value")
        self.at = match.end()
        written = match.group()
        if match["fraction"] is None and match["exponent"] is None:
            # 20 characters hold every signed 64-bit integer; longer ones are never converted,
            # because Python refuses to convert integers of many digits.
            integer = int(written) if len(written) <= 20 else LARGEST_INTEGER + 1
            if not SMALLEST_INTEGER <= integer <= LARGEST_INTEGER:
                self.bad_number = self.bad_number or f"{written[:30]} does not fit 64 bits"
            return integer
        value = float(written)
        if not math.isfinite(value):
            self.bad_number = self.bad_number or f"{written[:30]} is no finite double"
        return value

    def scalar(self) -> Any:
        if self.peek() == '"':
            return self.string()
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def document(self) -> Any:
        """Read one value and the end of the text."""
        # The first entry stands for the text itself: a list that gets exactly one value.
        whole: list[Any] = []
        open_containers: list[list[Any] | dict[str, Any]] = [whole]
        open_keys: list[str] = [""]
        while True:
            # Here a value begins.
            value: Any
            if self.peek() in ("{", "["):
                opening = self.peek()
                self.at += 1
                self.deepest = max(self.deepest, len(open_containers))
                value = {} if opening == "{" else []
                closing = "}" if opening == "{" else "]"
                if self.peek() != closing:
                    open_containers.append(value)
                    open_keys.append(self.key() if opening == "{" else "")
                    continue
                self.at += 1
            else:
                value = self.scalar()
            # Here a value is complete; it may complete the containers around it.
            while True:
                container = open_containers[-1]
                if isinstance(container, dict):
                    container[open_keys[-1]] = value
                else:
                    container.append(value)
                if len(open_containers) == 1:
                    if self.peek() != "":
                        raise self.fail("something follows the value")
                    return whole[0]
                if self.peek() == ",":
                    self.at += 1
                    if isinstance(container, dict):
                        open_keys[-1] = self.key()
                    break
                self.take("}" if isinstance(container, dict) else "]")
                value = open_containers.pop()
                open_keys.pop()

    def key(self) -> str:
        key = self.string()
        self.take(":")
        return key


def has_lone_surrogate(text: str) -> bool:
    r"""Say whether an escape ``\ud800`` to ``\udfff`` stands without its other half.

    Escapes are read from left to right wherever they stand, so this can be asked of any text: the
    protocol puts the question before the one whether the text is JSON.
    """
    at = 0
    high_ends_at = -1
    while (at := text.find("\\", at)) != -1:
        digits = _HEX4.match(text, at + 2) if text[at + 1 : at + 2] == "u" else None
        unit = int(digits.group(), 16) if digits else 0
        is_low = 0xDC00 <= unit <= 0xDFFF
        # A low half has to stand right after a high one, and a high one right before a low one.
        if is_low != (high_ends_at == at):
            return True
        if high_ends_at not in (-1, at):
            return True
        at = digits.end() if digits else at + 2
        high_ends_at = at if 0xD800 <= unit <= 0xDBFF else -1
    return high_ends_at != -1


def read_json(text: str) -> Any:
    """Decode ``text``; of a key given twice the last counts.

    Raises:
        Malformed: With reason ``bad_text`` (a lone surrogate), ``not_json``, ``too_deep`` or
            ``bad_number``; where several fit, the first in this order.
    """
    if has_lone_surrogate(text):
        raise Malformed("bad_text", "a lone surrogate")
    reader = _Reader(text)
    value = reader.document()
    if reader.deepest > MAX_DEPTH:
        raise Malformed("too_deep", f"{reader.deepest} levels")
    if reader.bad_number:
        raise Malformed("bad_number", reader.bad_number)
    return value
