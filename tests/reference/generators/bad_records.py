"""Records that are no valid events, each with the reason that the protocol gives for it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class BadRecord(NamedTuple):
    """``key`` and ``value`` as they would be appended, and the expected reason."""

    name: str
    key: bytes | None
    value: bytes | None
    reason: str


def valid_event(run_id: str, /, **changes: Any) -> dict[str, Any]:
    """A valid event whose members ``changes`` replaces."""
    return {
        "schema_version": 1,
        "run_id": run_id,
        "seq": 0,
        "type": "text.delta",
        "time": "2026-11-23T15:40:27.518Z",
        "producer_id": "p0",
        "producer_epoch": 0,
        "data": {"text": "a"},
        **changes,
    }


def valid_value(run_id: str, /, **changes: Any) -> bytes:
    """The same as compact JSON; a change to ``...`` leaves the member out."""
    event = {n: v for n, v in valid_event(run_id, **changes).items() if v is not ...}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def with_raw_data(run_id: str, raw: bytes) -> bytes:
    """A valid x.* event whose data is spelt as ``raw``."""
    return valid_value(run_id, type="x.raw", data="RAW").replace(b'"RAW"', raw)


def malformed(run_id: str) -> list[BadRecord]:
    """Values that break the rules of form, under the right key in the right partition."""
    key = run_id.encode()
    deep = with_raw_data(run_id, b"[" * 100 + b"]" * 100)
    by_reason: dict[str, list[tuple[str, bytes | None]]] = {
        "empty": [("tombstone", None), ("nothing", b""), ("white space", b" \t\r\n ")],
        "too_large": [
            ("one byte too many", with_raw_data(run_id, b'"' + b"a" * 1_000_000 + b'"')),
            ("large and no JSON", b"{" * 1_000_001),
            ("above what a letter carries", b"\xff" * 1_048_577),
        ],
        "bad_text": [
            ("not UTF-8", b'{"a":"\xff"}'),
            ("UTF-8 of a surrogate", b'{"a":"\xed\xa0\x80"}'),
            ("overlong UTF-8", b'{"a":"\xc0\xaf"}'),
            ("byte order mark", b"\xef\xbb\xbf" + valid_value(run_id)),
            ("line break between members", valid_value(run_id).replace(b",", b",\n", 1)),
            ("tab in a string", b'{"a":"\t"}'),
            ("not JSON, with a NUL", b"nonsense\x00nonsense"),
            ("lone high surrogate", with_raw_data(run_id, b'"\\ud83d"')),
            ("lone low surrogate", with_raw_data(run_id, b'"\\uDE00"')),
            ("surrogates the wrong way round", with_raw_data(run_id, b'"\\ude00\\ud83d"')),
            ("lone surrogate in a key", with_raw_data(run_id, b'{"\\ud83d":1}')),
            (
                "lone surrogate in a replaced member",
                b'{"type":"\\udfff",' + valid_value(run_id)[1:],
            ),
        ],
        "not_json": [
            ("a word", b"nonsense"),
            ("no end", valid_value(run_id)[:-1]),
            ("two values", valid_value(run_id) + valid_value(run_id)),
            ("trailing comma", b'{"a":1,}'),
            ("trailing comma in a list", b"[1,]"),
            ("single quotes", b"{'a':1}"),
            ("key without quotes", b"{a:1}"),
            ("missing colon", b'{"a" 1}'),
            ("comment", b'{"a":1/**/}'),
            ("NaN", with_raw_data(run_id, b"NaN")),
            ("Infinity", with_raw_data(run_id, b"-Infinity")),
            ("leading zero", with_raw_data(run_id, b"01")),
            ("plus sign", with_raw_data(run_id, b"+1")),
            ("no digit after the point", with_raw_data(run_id, b"1.")),
            ("no digit before the point", with_raw_data(run_id, b".5")),
            ("no digit in the exponent", with_raw_data(run_id, b"1e")),
            ("hexadecimal", with_raw_data(run_id, b"0x10")),
            ("other script's digits", with_raw_data(run_id, "٣".encode())),
            ("unknown escape", with_raw_data(run_id, b'"\\x41"')),
            ("short escape", with_raw_data(run_id, b'"\\u00e"')),
            ("escape with a sign", with_raw_data(run_id, b'"\\u+123"')),
            ("a capital True", with_raw_data(run_id, b"True")),
            ("deep and unfinished", b"[" * 100_000),
            ("mismatched brackets", b'{"a":[1}]'),
            ("only a minus", b"-"),
            ("a byte order mark at the end", valid_value(run_id) + b"\xef\xbb\xbf"),
        ],
        "too_deep": [
            ("101 levels in the event", deep),
            ("a hundred thousand levels", b"[" * 100_000 + b"]" * 100_000),
            ("101 levels in a replaced member", b'{"data":' + b"[" * 100 + b"]" * 100 + b"}"),
            ("deep, with a bad number", b"[" * 101 + b"1e999" + b"]" * 101),
        ],
        "bad_number": [
            ("2^63", with_raw_data(run_id, b"9223372036854775808")),
            ("-2^63 - 1", with_raw_data(run_id, b"-9223372036854775809")),
            ("5,000 digits", with_raw_data(run_id, b"9" * 5_000)),
            ("infinite", with_raw_data(run_id, b"1e309")),
            ("infinite without exponent", with_raw_data(run_id, b"1" * 400 + b".0")),
            ("in a replaced member", b'{"seq":1e999,' + valid_value(run_id)[1:]),
            ("in no event at all", b"[99999999999999999999]"),
        ],
        "not_an_event": [
            ("a list", b"[]"),
            ("a string", b'"text"'),
            ("null", b"null"),
            ("no schema_version", valid_value(run_id, schema_version=...)),
            ("schema_version null", valid_value(run_id, schema_version=None)),
            ("schema_version true", valid_value(run_id, schema_version=True)),
            ("schema_version 1.0", valid_value(run_id, schema_version=1.0)),
            ("schema_version as a string", valid_value(run_id, schema_version="1")),
        ],
        "unsupported_version": [
            ("version 2", valid_value(run_id, schema_version=2)),
            ("version 0", valid_value(run_id, schema_version=0)),
            ("version 2 and nothing else", b'{"schema_version":2}'),
        ],
    }
    return [
        BadRecord(name, key, value, reason)
        for reason, values in by_reason.items()
        for name, value in values
    ]


def misplaced(run_id: str, other_partition_run_id: str) -> list[BadRecord]:
    """Values whose run_id or key is wrong; the second run belongs to another partition."""
    key = run_id.encode()
    other = other_partition_run_id.encode()
    bad_ids: list[Any] = ["", "../etc", "-a", "a" * 129, "a b", "a\n", "é", 7, None, ...]
    records = [
        BadRecord(f"run_id {bad!r}", key, valid_value(run_id, run_id=bad), "not_an_event")
        for bad in bad_ids
    ]
    return [
        *records,
        BadRecord("bad run_id as key", b"a\n", valid_value(run_id, run_id="a\n"), "not_an_event"),
        BadRecord("no key", None, valid_value(run_id), "wrong_key"),
        BadRecord("empty key", b"", valid_value(run_id), "wrong_key"),
        BadRecord("another run's key", other, valid_value(run_id), "wrong_key"),
        BadRecord("a very long key", key * 300, valid_value(run_id), "wrong_key"),
        BadRecord("wrong key, no type", other, valid_value(run_id, type=...), "wrong_key"),
        BadRecord(
            "another partition's run",
            other,
            valid_value(other_partition_run_id),
            "wrong_partition",
        ),
        BadRecord(
            "another partition's run, no type",
            other,
            valid_value(other_partition_run_id, type=...),
            "wrong_partition",
        ),
    ]
