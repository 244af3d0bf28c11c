"""Bad records go to the dead letters, once each, and leave their neighbours alone."""

from hashlib import sha256

import pytest

from tests.processors.fold.support import RUN, Log, fold


def test_headers_and_bytes() -> None:
    log = Log().start().raw(b" not json \n", b"some key").text(1, "a")
    (letter,) = fold(log).letters
    assert (letter.key, letter.value) == (b"some key", b" not json \n")
    headers = dict(letter.headers)
    assert headers.pop("detail")
    assert headers == {
        "topic": b"runs.events",
        "partition": b"0",
        "offset": b"1",
        "reason": b"not_json",
    }
    assert fold(log).head["text"]["tail"] == "a"


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (None, None, "empty"),
        (b"", b"k", "empty"),
        (b"\t", b"k", "empty"),
        (b"{", RUN.encode(), "not_json"),
        (b"[]", RUN.encode(), "not_an_event"),
        (Log().start().records[0].value, b"run-2", "wrong_key"),
        (Log().start().records[0].value, None, "wrong_key"),
    ],
)
def test_reasons(value: bytes | None, key: bytes | None, reason: str) -> None:
    (letter,) = fold(Log().raw(value, key)).letters
    assert dict(letter.headers)["reason"] == reason.encode()
    assert (letter.key, letter.value) == (key, value)


def test_a_value_up_to_a_mebibyte_is_kept_whole() -> None:
    value = b"a" * 1_048_576
    (letter,) = fold(Log().raw(value)).letters
    assert letter.value == value
    assert "length" not in dict(letter.headers)


def test_a_larger_one_is_replaced_by_its_beginning() -> None:
    value = b"ab" * 524_288 + b"c"
    (letter,) = fold(Log().raw(value)).letters
    assert letter.value == value[:1_000]
    headers = dict(letter.headers)
    assert headers["length"] == b"1048577"
    assert headers["sha256"] == sha256(value).hexdigest().encode()
    assert headers["reason"] == b"too_large"


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_a_key_above_a_thousand_bytes_is_cut(length: int) -> None:
    key = b"\xff" * length
    (letter,) = fold(Log().raw(b"bad", key)).letters
    headers = dict(letter.headers)
    assert letter.key == key[:1_000]
    if length > 1_000:
        assert headers["key_length"] == b"1001"
        assert headers["key_sha256"] == sha256(key).hexdigest().encode()
    else:
        assert "key_length" not in headers
