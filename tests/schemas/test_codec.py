import json
import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from durable_streaming.schemas import canonical, decode
from durable_streaming.schemas.codec import format_double


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # RFC 8785, appendix B.
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_writes_doubles_as_rfc_8785_does(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert format_double(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_read_back_as_themselves(number: float) -> None:
    assert float(format_double(number)) == number


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_refuses_what_json_has_no_word_for(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        canonical({"a": number})


def test_escapes_only_what_it_must() -> None:
    text = '\x00\x1f\x7f\u2028é"\\/\b\f\n\r\t😀'
    expected = '"\\u0000\\u001f\x7f\u2028é\\"\\\\/\\b\\f\\n\\r\\t😀"'.encode()
    assert canonical(text) == expected
    assert canonical([text, 0.5]) == b"[" + expected + b",0.5]"


def test_sorts_keys_by_code_point_not_by_utf16() -> None:
    assert canonical({"😀": 1, "\uffff": 2, "a": 3}) == '{"a":3,"\uffff":2,"😀":1}'.encode()
    assert canonical({"😀": 1.5, "\uffff": 2, "a": 3}) == '{"a":3,"\uffff":2,"😀":1.5}'.encode()


def test_a_whole_double_equals_the_integer() -> None:
    assert canonical({"a": 1.0}) == canonical({"a": 1}) == b'{"a":1}'


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(JSON)
@example(2.0**64)
@example([1.7e20, {"a": -1e21}])
def test_any_value_reads_back(value: object) -> None:
    text = canonical(value)
    # Compared as doubles: a whole double is written as an integer, which Python reads exactly.
    assert json.loads(text, parse_int=float) == json.loads(json.dumps(value), parse_int=float)
    assert canonical(decode(text)) == text
