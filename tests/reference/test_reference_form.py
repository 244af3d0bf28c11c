"""The reference's reading of single records, against expectations written by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .canonical_json import canonical_json
from .generators.bad_records import BadRecord, valid_value, with_raw_data
from .generators.logs import bad_records_for, run_ids_of
from .json_text import Malformed, has_lone_surrogate, read_json
from .judge import murmur2_partition, reference_judge
from .reference import LogRecord, dead_letter

PARTITION = 3
RUN_ID = next(run_ids_of(PARTITION))


def reason_of(value: bytes | None) -> str:
    return reference_judge(value, RUN_ID.encode(), PARTITION, 12).reason


@pytest.mark.parametrize(
    "bad", bad_records_for(RUN_ID, PARTITION), ids=lambda bad: f"{bad.reason}: {bad.name}"
)
def test_a_bad_record_has_the_reason_written_beside_it(bad: BadRecord) -> None:
    assert reference_judge(bad.value, bad.key, PARTITION, 12).reason == bad.reason


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"time": "2024-02-29T23:59:59.123456789Z"},
        {"time": "2000-02-29T00:00:00+14:00"},
        {"time": "2026-11-23T15:40:27-00:00"},
        {"seq": 2**53 - 1, "producer_epoch": 2**53 - 1},
        {"producer_id": "😀" * 256},
        {"producer_id": ""},
        {"type": "x.", "data": ...},
        {"type": "x.a", "data": None},
        {"type": "custom", "data": [1]},
        {"type": "\u0000", "data": 1},
        {"type": "control.a", "seq": ..., "data": "anything"},
        {"type": "control.a", "seq": None, "data": ...},
        {"type": "run.resumed", "seq": ..., "data": ...},
        {"type": "run.cancel_requested", "seq": ..., "data": None},
        {"type": "run.cancel_requested", "seq": ..., "data": {"seen_offset": 2**63 - 1}},
        {"type": "run.completed", "data": ...},
        {"type": "run.completed", "data": {"answer": {"text": ""}}},
        {"type": "run.completed", "data": {"answer": {"text": "", "parts": []}}},
        {"type": "run.completed", "data": {"usage": {"a": "b" * 4_088}}},
        {"type": "run.started", "data": {"agent": "", "input": None, "title": None}},
        {"type": "run.started", "data": {"agent": "", "tags": {str(n): "" for n in range(50)}}},
        {"type": "tool.called", "data": {"call_id": "c", "name": "n", "arguments": None}},
        {"type": "tool.returned", "data": {"call_id": "c", "output": None}},
        {"type": "tool.returned", "data": {"call_id": "c", "error": ""}},
        {"type": "quality.checked", "data": {"check": "c", "verdict": "pass", "score": -1}},
        {"type": "text.delta", "data": {"text": "a", "unknown": 1, "revision": "b"}},
    ],
)
def test_a_valid_event_is_taken(changes: dict[str, Any]) -> None:
    assert reason_of(valid_value(RUN_ID, **changes)) == "ok"


def test_white_space_around_the_object_is_no_part_of_it() -> None:
    assert reason_of(b"\r\n\t " + valid_value(RUN_ID) + b" \n") == "ok"
    exact = with_raw_data(RUN_ID, b'"' + b"a" * 999_850 + b'"')
    exact = exact.replace(b"aa", b"a" * (2 + 1_000_000 - len(exact)), 1)
    assert len(exact) == 1_000_000
    assert reason_of(exact + b" " * 48_576) == "ok"
    assert reason_of(exact.replace(b"aa", b"aaa", 1)) == "too_large"


def test_limits_of_form_are_included() -> None:
    assert reason_of(with_raw_data(RUN_ID, b"[" * 99 + b"]" * 99)) == "ok"
    assert reason_of(with_raw_data(RUN_ID, b"-9223372036854775808")) == "ok"
    assert reason_of(with_raw_data(RUN_ID, b"9223372036854775807")) == "ok"
    assert reason_of(with_raw_data(RUN_ID, b"9223372036854775808.0")) == "ok"
    assert reason_of(with_raw_data(RUN_ID, b"1e308")) == "ok"
    assert reason_of(with_raw_data(RUN_ID, b"1e-5000")) == "ok"
    assert reason_of(with_raw_data(RUN_ID, b'"\\ud83d\\ude00 \x7f \xef\xbb\xbf"')) == "ok"


def test_of_a_key_given_twice_the_last_counts() -> None:
    first = b'{"type":7,"schema_version":2,"\\u0073eq":"no",'
    judgement = reference_judge(first + valid_value(RUN_ID)[1:], RUN_ID.encode(), PARTITION, 12)
    assert judgement.event == json.loads(valid_value(RUN_ID))


def test_the_first_reason_that_fits_is_given() -> None:
    assert reason_of(b"\xff" * 1_000_001) == "too_large"
    assert reason_of(b'{"a":"\\ud83d"') == "bad_text"
    assert reason_of(b"[" * 101 + b"1e999") == "not_json"
    assert reason_of(b'{"schema_version":2,"a":' + b"[" * 100 + b"1e999" + b"]" * 100 + b"}") == (
        "too_deep"
    )
    assert reason_of(b'{"schema_version":2,"run_id":1e999}') == "bad_number"
    assert reason_of(b'{"schema_version":2,"run_id":"../x"}') == "unsupported_version"


@pytest.mark.parametrize(
    ("text", "lone"),
    [
        (r"\ud83d\ude00", False),
        (r"\ud83d\ude00\ud83d\ude00", False),
        (r"\\ud83d", False),
        (r"\\\ud83d", True),
        (r"\ud83d\n\ude00", True),
        (r"\ud83d\ud83d\ude00", True),
        (r"\ud83d\ude00\ude00", True),
        (r"\ude00", True),
        (r"\uD7FF\uE000", False),
        ("\\", False),
    ],
)
def test_halves_of_surrogates_are_told_from_pairs(text: str, lone: bool) -> None:
    assert has_lone_surrogate(text) is lone


def test_the_reader_decodes_as_python_does_where_both_are_strict() -> None:
    text = r' { "a" : [ 1 , -0 , 2.50 , 1E+2 , "\u00e9\ud83d\ude00\/\b" , { } , [ ] , null ] } '
    assert read_json(text) == json.loads(text)


def test_deep_nesting_does_no_harm() -> None:
    with pytest.raises(Malformed, match="too_deep"):
        read_json('[{"a":' * 100_000 + "1" + "}]" * 100_000)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        # Doubles of RFC 8785, appendix B, by their bits.
        (float.fromhex("0x0.0000000000001p-1022"), "5e-324"),
        (float.fromhex("-0x1.fffffffffffffp+1023"), "-1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1.0000000000000001e23, "1.0000000000000001e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.3333332, "333333333.3333332"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1424953923781206.2, "1424953923781206.2"),
        (-0.0, "0"),
        (100.0, "100"),
        (0.1, "0.1"),
        # The protocol's own: integers in full, keys by code point, short escapes where there are.
        (2**63 - 1, "9223372036854775807"),
        (True, "true"),
        ({"\U0001f600": 1, "\uffff": 2, "a": None}, '{"a":null,"\uffff":2,"\U0001f600":1}'),
        ('"\\/\b\f\n\r\t\x01\x1f\x7f\u2028é', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\u2028é"'),
        ([1, [], {}], "[1,[],{}]"),
    ],
)
def test_canonical_json(value: Any, written: str) -> None:
    assert canonical_json(value) == written.encode()


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        # Known answers of Kafka's own unit test.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_kafkas(key: bytes, hashed: int) -> None:
    assert murmur2_partition(key, 2**31) == hashed & 0x7FFFFFFF
    assert murmur2_partition(key, 12) == (hashed & 0x7FFFFFFF) % 12


def test_a_letter_is_cut_above_its_limits_only() -> None:
    whole = dead_letter(LogRecord(1, 2, b"k" * 1_000, b"v" * 1_048_576), "too_large")
    assert (len(whole.key or b""), len(whole.value or b"")) == (1_000, 1_048_576)
    assert whole.headers == {"partition": "1", "offset": "2", "reason": "too_large"}
    cut = dead_letter(LogRecord(1, 2, b"k" * 1_001, b"v" * 1_048_577), "too_large")
    assert (cut.key, cut.value) == (b"k" * 1_000, b"v" * 1_000)
    assert (cut.headers["length"], cut.headers["key_length"]) == ("1048577", "1001")
    assert dead_letter(LogRecord(0, 0, None, None), "empty")[:2] == (None, None)
