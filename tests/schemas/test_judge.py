import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_streaming.schemas import (
    ABSENT,
    BadRecord,
    Event,
    canonical,
    judge,
    judge_value,
    partition_for,
)
from durable_streaming.schemas.deltas import read_plain_delta
from durable_streaming.schemas.judge import _judge_fields, _read_object
from durable_streaming.schemas.strictjson import find_fault

RUN = "run_01J"
HOME = partition_for(RUN.encode(), 12)


def event(**changes: Any) -> dict[str, Any]:
    form = {
        "schema_version": 1,
        "run_id": RUN,
        "seq": 7,
        "type": "text.delta",
        "time": "2026-11-23T15:40:27.518Z",
        "producer_id": "p-5f2c",
        "producer_epoch": 0,
        "data": {"text": "Kafka keeps"},
    }
    form.update(changes)
    return {name: value for name, value in form.items() if value is not ...}


def control(kind: str, data: Any = ..., **changes: Any) -> dict[str, Any]:
    return event(
        type=kind, data=data, **{"seq": ..., "producer_id": ..., "producer_epoch": ..., **changes}
    )


def reason(value: bytes | None) -> str:
    judged = judge(value, RUN.encode(), HOME, 12)
    assert isinstance(judged, BadRecord), judged
    return judged.reason


def typed(kind: str, /, **data: Any) -> dict[str, Any]:
    return event(type=kind, data=data)


GOOD = [
    event(),
    typed("run.started", agent="a", input=None, tags={"k": "v"}, title=None),
    typed("plan.created", revision=0, steps=[{"step_id": "s", "title": "", "depends_on": []}]),
    typed("step.started", step_id="s", attempt=3),
    typed("step.completed", step_id="s", status="skipped"),
    typed("reasoning.delta", text="x", part=2),
    typed("tool.called", call_id="c", name="n", arguments=None),
    typed("tool.returned", call_id="c", output=None),
    typed("tool.returned", call_id="c", error="e"),
    typed("source.added", source_id="s", kind="url", cited=[{"start": 0, "end": 3}]),
    typed("run.waiting", **{"for": "approval"}),
    typed("quality.checked", check="c", verdict="warn", score=1),
    typed("quality.checked", check="c", verdict="warn", score=0.25),
    event(type="run.completed", data=...),
    event(type="run.completed", data=None),
    typed("run.completed", answer={"text": ""}, usage={"tokens": 1.5}),
    typed("run.completed", answer={"length": 0, "sha256": "0" * 64, "parts": []}),
    typed("run.failed", error={"type": "t", "message": "m"}),
    typed("run.cancelled"),
    control("run.timed_out", {"idle_seconds": 600, "last_seq": -1, "last_epoch": -1}),
    control("run.cancel_requested"),
    control("run.cancel_requested", {"seen_offset": 2**63 - 1}),
    control("run.resumed", producer_id="p", producer_epoch=1),
    control("control.anything", [1, 2]),
    event(type="x.mine", data=3),
    event(type="x.mine", data=...),
    event(type="later.type", data=None),
    event(time="2024-02-29T23:59:59Z"),
    event(time="2016-12-31T23:59:60Z"),
    event(time="2017-01-01T01:59:60.5+02:00"),
    event(time="0000-02-29T00:00:00Z"),
    typed("run.started", agent="a", tags={**{str(n): "" for n in range(50)}, "null": None}),
    event(time="2024-02-29T23:59:59.123456789Z"),
    event(extra={"kept": True}),
    event(seq=2**53 - 1),
]


@pytest.mark.parametrize("form", GOOD, ids=lambda form: str(form["type"]))
def test_takes_valid_events(form: dict[str, Any]) -> None:
    value = json.dumps(form, ensure_ascii=False).encode()
    judged = judge(b" \t\r\n" + value + b"\n", RUN.encode(), HOME, 12)
    assert isinstance(judged, Event), judged
    assert judged.value == value
    assert judged.seq == form.get("seq")
    assert judge_value(value) == judged


def test_tells_absent_data_from_null_in_unknown_types_only() -> None:
    def data(form: dict[str, Any]) -> Any:
        judged = judge_value(canonical(form))
        assert isinstance(judged, Event)
        return judged.data

    assert data(event(type="x.a", data=...)) is ABSENT
    assert data(event(type="x.a", data=None)) is None
    assert data(event(type="run.completed", data=...)) == {}
    assert data(event(type="run.completed", data=None)) == {}


BAD = [
    control("run.timed_out"),
    control("run.timed_out", {"idle_seconds": 600, "last_seq": -2, "last_epoch": 0}),
    control("run.cancel_requested", seq=0),
    control("run.cancel_requested", {"seen_offset": -1}),
    control("run.resumed", producer_id="p"),
    control("control.x", seq=3),
    event(seq=...),
    event(seq=None),
    event(seq=True),
    event(seq="1"),
    event(seq=1.0),
    event(seq=-1),
    event(seq=2**53),
    event(type=""),
    event(type=3),
    event(type=...),
    event(time="2026-11-23t15:40:27z"),
    event(time="2026-11-23 15:40:27Z"),
    event(time="2026-02-30T00:00:00Z"),
    event(time="2026-11-23T24:00:00Z"),
    event(time="2026-11-23T15:40:60Z"),
    event(time="2026-12-31T23:59:60+02:00"),
    event(time="2023-02-29T00:00:00Z"),
    event(time="9999-12-31T23:59:60-00:01"),
    event(time="2026-00-10T00:00:00Z"),
    event(time="2026-10-00T00:00:00Z"),
    event(time="2026-11-23T15:40:27"),
    event(time="2026-11-23T15:40:27.Z"),
    event(time="2026-11-23T15:40:27.1234567890Z"),
    event(producer_id="p" * 257),
    event(producer_epoch=...),
    event(data=...),
    event(data=None),
    event(data=[]),
    typed("text.delta", text=""),
    typed("text.delta", text=None),
    typed("text.delta", text="a", part=-1),
    typed("text.delta", text="a", part=1.0),
    typed("run.started", agent="a", tags={str(n): "" for n in range(51)}),
    typed("run.started", agent="a", tags={"k": "v" * 101}),
    typed("run.started", agent="a", tags={"k": 1}),
    typed("plan.created", revision=0, steps=[{"step_id": "s"}]),
    typed("plan.created", revision=0, steps=None),
    typed("step.completed", step_id="s", status="done"),
    typed("tool.called", call_id="c", name="n"),
    typed("tool.returned", call_id="c"),
    typed("source.added", source_id="s", kind="book"),
    typed("source.added", source_id="s", kind="url", cited=[{"start": 0}]),
    typed("run.waiting", **{"for": "ever"}),
    typed("quality.checked", check="c", verdict="pass", score="1"),
    typed("quality.checked", check="c", verdict="pass", score=True),
    typed("run.completed", answer={}),
    typed("run.completed", answer={"length": 1}),
    typed("run.completed", answer={"length": 1, "sha256": "A" * 64}),
    typed("run.completed", answer={"text": "", "parts": [1, 1]}),
    typed("run.completed", usage={"a": "x" * 4096}),
    typed("run.completed", usage=[]),
    typed("run.failed"),
    typed("run.failed", error={"type": "t"}),
]


@pytest.mark.parametrize("form", BAD, ids=lambda form: json.dumps(form.get("data"))[:40])
def test_refuses_wrong_fields(form: dict[str, Any]) -> None:
    assert reason(json.dumps(form).encode()) == "not_an_event"


def with_extra(raw: bytes) -> bytes:
    return json.dumps(event()).encode()[:-1] + b',"extra":' + raw + b"}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b" \t\r\n", "empty"),
        (b"\x0b", "bad_text"),
        (b"x" * 1_000_001, "too_large"),
        (b"\xff" * 1_000_001, "too_large"),
        (b"\xff", "bad_text"),
        (b"\xed\xa0\x80", "bad_text"),
        (b"\xef\xbb\xbf{}", "bad_text"),
        (b'{"a":\n1}', "bad_text"),
        (b'{"a":"\\ud800"}', "bad_text"),
        (b'{"a":"\\uDC00\\ud800"}', "bad_text"),
        (b'{"\\ud83d\\u0041":1', "bad_text"),
        (b"{", "not_json"),
        (b'{"a":1,}', "not_json"),
        (b"{'a':1}", "not_json"),
        (b'{"a":01}', "not_json"),
        (b'{"a":+1}', "not_json"),
        (b'{"a":.5}', "not_json"),
        (b'{"a":1.}', "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":Infinity}', "not_json"),
        (b'{"a":"\\q"}', "not_json"),
        (b'{"a":"\\u12"}', "not_json"),
        (b"{} {}", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (with_extra(b"[" * 100 + b"]" * 100), "too_deep"),
        (with_extra(b"1e400"), "bad_number"),
        (with_extra(b"-1E+400"), "bad_number"),
        (with_extra(b"9223372036854775808"), "bad_number"),
        (with_extra(b"-9223372036854775809"), "bad_number"),
        (with_extra(b"9" * 5000), "bad_number"),
        (with_extra(b"9" * 400 + b".5"), "bad_number"),
        # A member that a later equal key replaces is judged as well.
        (b'{"a":1e999,"a":1}', "bad_number"),
        (b"[]", "not_an_event"),
        (b'"x"', "not_an_event"),
        (b"{}", "not_an_event"),
        (b'{"schema_version":true}', "not_an_event"),
        (b'{"schema_version":1.0}', "not_an_event"),
        (b'{"schema_version":2}', "unsupported_version"),
        (b'{"schema_version":1}', "not_an_event"),
        (b'{"schema_version":1,"run_id":"../x"}', "not_an_event"),
        (b'{"schema_version":1,"run_id":"other"}', "wrong_key"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_names_the_first_reason(value: bytes | None, expected: str) -> None:
    assert reason(value) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 99 + b"]" * 99,
        b"9223372036854775807",
        b"-9223372036854775808",
        b"1e308",
        b"1E-400",
        b"0." + b"1" * 400,
        b"-0",
        b'"\\ud83d\\ude00"',
        b'"\\\\ud800"',
        b'"\\u0000"',
        b'"\x7f"',
        b"[1e999]"[1:1] + b'"1e999"',
    ],
)
def test_takes_what_is_just_within_the_limits(raw: bytes) -> None:
    assert isinstance(judge_value(with_extra(raw)), Event)


def test_a_key_given_twice_counts_last() -> None:
    value = canonical(event())[:-1] + b',"seq":8}'
    judged = judge_value(value)
    assert isinstance(judged, Event)
    assert judged.seq == 8


def test_key_and_place_come_before_the_fields() -> None:
    value = canonical(event(time="never"))
    assert judge(value, None, HOME, 12) == BadRecord(
        "wrong_key", "the record's key is not the event's run_id"
    )
    wrong = judge(value, RUN.encode(), (HOME + 1) % 12, 12)
    assert isinstance(wrong, BadRecord)
    assert wrong.reason == "wrong_partition"


def test_details_carry_no_payload() -> None:
    judged = judge_value(canonical(event(time="a secret")))
    assert isinstance(judged, BadRecord)
    assert "secret" not in judged.detail


_SNIPPETS = [
    "{", "}", "[", "]", ":", ",", '"', '"a"', "1", "-", "0", "01", "1.5", "1e5", "1e400", "true",
    "null", " ", "\\u0041", "\\ud800", "\\", "NaN", '"\\n"', "9" * 19, "9" * 20, "é", '{"a":1}',
]  # fmt: skip


@given(st.lists(st.sampled_from(_SNIPPETS), max_size=12).map("".join))
def test_the_fast_path_agrees_with_the_scanner(text: str) -> None:
    judged = judge_value(f'{{"schema_version":1,"x":{text}}}'.encode())
    assert isinstance(judged, BadRecord)
    fault = find_fault(f'{{"schema_version":1,"x":{text}}}')
    if fault is None:
        assert judged.reason in ("not_an_event", "bad_text", "unsupported_version")
    else:
        assert judged.reason in (fault, "bad_text")


@given(st.text())
def test_the_scanner_agrees_with_the_standard_library(text: str) -> None:
    def refuse(_: str) -> None:
        raise ValueError

    try:
        json.loads(text, parse_constant=refuse)
        valid = True
    except ValueError:
        valid = False
    assert (find_fault(text) != "not_json") == valid


@given(st.binary(max_size=200), st.binary(max_size=20) | st.none())
def test_never_raises(value: bytes, key: bytes | None) -> None:
    judge(value, key, 0, 12)


def the_long_way(value: bytes) -> Event | BadRecord:
    parsed = _read_object(value)
    return parsed if isinstance(parsed, BadRecord) else _judge_fields(*parsed)


_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [..., None, True, 0, 1, -1, 1.0, 2**53, 2**53 - 1, 2**70, "", "x", "x" * 257, [], {},
     {"text": "a"}, {"text": ""}, {"text": "a", "part": None}, {"text": "a", "part": 2**53},
     {"text": 1}, {"text": "a", "part": True}, {"text": "a", "part": 2}, {"text": "a", "more": 1e9},
     {"text": "\ud800"}, {"text": "\x01\x7f"}, "text.delta", "reasoning.delta", "x.y",
     "2026-11-23T15:40:27Z", "2026-02-29T15:40:27Z", "2026-00-23T15:40:27Z",
     "2026-11-00T15:40:27Z", "2026-13-01T15:40:27Z", "0000-01-01T15:40:27Z",
     "2026-11-31T15:40:27Z", "2026-12-31T23:59:60Z", "2026-12-31T23:59:59.1234567890Z"]
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from([*event(), "extra"]), _ODD, max_size=3),
    st.sampled_from([{}, {"indent": 1}, {"separators": (",\r", ":")}, {"ensure_ascii": False}]),
)
def test_the_shortcut_gives_what_the_long_way_gives(
    changes: dict[str, Any], style: dict[str, Any]
) -> None:
    value = json.dumps(event(**changes), **style).encode(errors="surrogatepass")
    expected = the_long_way(value)
    assert judge_value(value) == expected
    if isinstance(expected, Event) and expected.run_id == RUN:
        assert judge(value, RUN.encode(), HOME, 12) == expected


@given(st.data())
def test_the_shortcut_gives_what_the_long_way_gives_for_damaged_bytes(data: st.DataObject) -> None:
    value = bytearray(json.dumps(event(), separators=(",", ":")).encode())
    at = data.draw(st.integers(0, len(value)))
    damage = st.sampled_from(
        [b"\xff", b"\t", b"\x00", b"\\", b"0", b" ", b"\xed\xa0\x80", b"\\ud800"]
    )
    value[at : at + data.draw(st.integers(0, 2))] = data.draw(damage | st.binary(max_size=3))
    assert judge_value(bytes(value)) == the_long_way(bytes(value))


def test_the_shortcut_takes_what_most_events_are() -> None:
    for data in ({"text": "a"}, {"text": "a", "part": 3}, {"text": 'quote " and \n'}):
        assert read_plain_delta(canonical(event(data=data))) is not None
