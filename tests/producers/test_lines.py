"""Lines are judged as strictly as events, and read in bounded memory."""

import io
import json

import pytest

from durable_streaming.producers.lines import BadLine, parse_line, read_lines
from durable_streaming.schemas import ABSENT, MAX_EVENT_BYTES


def line(**members: object) -> bytes:
    return json.dumps({"run_id": "r", "type": "x.a", "data": {}} | members).encode()


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (line(data={"a": [1, None, "é"]}), {"a": [1, None, "é"]}),
        (line(data=None), None),
        (b'{"run_id":"r","type":"x.a"}', ABSENT),
        (b' \t{"run_id" :\t"r","type":"x.a","data":{}}\r\n', {}),
        (b'{"run_id":"r","type":"x.a","data":{"s":"a\\tb"}}', {"s": "a\tb"}),
        # A member given twice: the last counts; an envelope in the line does not.
        (b'{"run_id":"r","type":"x.a","data":1,"data":2}', 2),
        (line(seq=77, schema_version=9, time="never", producer_epoch="x"), {}),
        (b'{"run_id":"r","type":"x.a","data":"\\ud83d\\ude00"}', "😀"),
    ],
)
def test_good_lines(text: bytes, data: object) -> None:
    assert parse_line(text) == ("r", "x.a", data)


def test_known_types_without_data_have_empty_data() -> None:
    assert parse_line(b'{"run_id":"r","type":"run.completed","data":null}').data == {}


@pytest.mark.parametrize(
    ("text", "told", "run_id"),
    [
        (b"", "not_json", None),
        (b"not json", "not_json", None),
        (b"[1]", "not_json", None),
        (b"{}", "not_an_event", None),
        (b'{"run_id":"r"} {"type":"x.a"}', "not_json", None),
        (b'{"run_id":"r","type":"x.a",}', "not_json", None),
        (b'{"run_id":"r","type":"x.a","data":"a\tb"}', "bad_text", None),
        (b'{"run_id":"r","type":"x.a","data":"\xff"}', "bad_text", None),
        (b'{"run_id":"r","type":"x.a","data":"\\ud800"}', "bad_text", None),
        (b'{"run_id":"r","type":"x.a","data":NaN}', "not_json", None),
        (b'{"run_id":"r","type":"x.a","data":1e400}', "bad_number", None),
        (b'{"run_id":"r","type":"x.a","data":' + b"9" * 5000 + b"}", "bad_number", None),
        (
            b'{"run_id":"r","type":"x.a","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "too_deep",
            None,
        ),
        (line(data="-" * 1_000_001), "too_large", None),
        (line(run_id="../etc"), "run_id", "../etc"),
        (line(run_id=7), "run_id", None),
        (b'{"type":"x.a"}', "run_id", None),
        (line(type=None), "type", "r"),
        (line(type="step.started"), "step_id", "r"),
        (line(type="run.timed_out"), "control event", "r"),
        (line(type="run.cancel_requested"), "control event", "r"),
        (line(type="run.resumed"), "control event", "r"),
        (line(type="control.x"), "control event", "r"),
    ],
)
def test_bad_lines(text: bytes, told: str, run_id: str | None) -> None:
    with pytest.raises(BadLine, match=told) as caught:
        parse_line(text)
    assert caught.value.run_id == run_id


def test_a_line_that_is_too_long_is_cut_and_the_next_is_whole() -> None:
    stream = io.BytesIO(line(data="-" * 3_000_000) + b"\n" + line() + b"\n" + line())
    long, whole, last = read_lines(stream)
    assert len(long) <= MAX_EVENT_BYTES + 2
    with pytest.raises(BadLine):
        parse_line(long)
    assert parse_line(whole) == parse_line(last) == ("r", "x.a", {})


def test_lines_of_nothing() -> None:
    assert list(read_lines(io.BytesIO(b""))) == []
    assert list(read_lines(io.BytesIO(b"\n\n"))) == [b"", b""]
