"""Garbage straight on the topic: each is a dead letter, its neighbours never notice."""

import json
import time
import uuid
from collections.abc import Iterator

import pytest

from durable_streaming.evaluation import pin, read_partition
from durable_streaming.eventlog import KafkaLog, KafkaSettings, Outcome, Record, Stored
from durable_streaming.schemas import partition_for
from tests.cli.stacks import RunningStack, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


def event(run_id: str, seq: int, kind: str, data: str) -> bytes:
    return (
        f'{{"schema_version":1,"run_id":"{run_id}","seq":{seq},"type":"{kind}",'
        f'"time":"2026-11-23T15:40:27.518Z","producer_id":"p","producer_epoch":0,"data":{data}}}'
    ).encode()


def garbage(run_id: str) -> dict[str, tuple[bytes | None, bytes | None, str]]:
    """By name: key, value and the reason that must be given."""
    key = run_id.encode()
    good = event(run_id, 1, "text.delta", '{"text":"bad"}')
    return {
        "empty": (key, b"", "empty"),
        "tombstone": (key, None, "empty"),
        "one byte too many": (key, b'"' + b"x" * 999_999 + b'"', "too_large"),
        "not UTF-8": (key, b"\xff\xfe", "bad_text"),
        "BOM": (key, b"\xef\xbb\xbf" + good, "bad_text"),
        "lone surrogate": (key, good.replace(b"bad", b"\\ud800"), "bad_text"),
        "raw line break": (key, good.replace(b"bad", b"b\nd"), "bad_text"),
        "not JSON": (key, good[:-1], "not_json"),
        "NaN": (key, good.replace(b'"bad"', b"NaN"), "not_json"),
        "depth": (key, b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        "5,000 digits": (key, good.replace(b'"bad"', b"9" * 5000), "bad_number"),
        "1e400": (key, good.replace(b'"bad"', b"1e400"), "bad_number"),
        "list": (key, b"[]", "not_an_event"),
        "version 2": (
            key,
            good.replace(b'"schema_version":1', b'"schema_version":2'),
            "unsupported_version",
        ),
        "path": (b"../x", good.replace(run_id.encode(), b"../x"), "not_an_event"),
        "other key": (key, good.replace(run_id.encode(), b"another"), "wrong_key"),
        "no key": (None, good, "wrong_key"),
        "no text": (key, good.replace(b'"bad"', b'""'), "not_an_event"),
        "seq is true": (key, good.replace(b'"seq":1', b'"seq":true'), "not_an_event"),
    }


def letters(settings: KafkaSettings, since: dict[int, int]) -> Iterator[Record]:
    log = KafkaLog(settings)
    pinned = pin(log, settings.topics.dead_letters)
    for partition in pinned.end:
        for record in read_partition(log, pinned, partition):
            if record.offset >= since[partition]:
                yield record


def test_garbage_becomes_dead_letters_and_nothing_else(stack: RunningStack) -> None:
    settings = KafkaSettings(kafka_bootstrap=stack.run_file.kafka_bootstrap)
    log, topics = KafkaLog(settings), settings.topics
    since = {p: high for p, (_, high) in log.admin().watermarks(topics.dead_letters).items()}
    partitions = log.admin().describe(topics.events).partitions
    run_id = f"test-{uuid.uuid4().hex[:12]}"
    home = partition_for(run_id.encode(), partitions)
    stored: dict[tuple[int, int], str] = {}
    writer = log.writer()

    def append(name: str, key: bytes | None, value: bytes | None, partition: int) -> None:
        def remember(outcome: Outcome) -> None:
            assert isinstance(outcome, Stored), (name, outcome)
            assert outcome.offset is not None
            stored[outcome.partition, outcome.offset] = name

        writer.append(topics.events, key, value, partition=partition, on_outcome=remember)

    append("good", run_id.encode(), event(run_id, 0, "run.started", '{"agent":"a"}'), home)
    bad = garbage(run_id)
    for name, (key, value, _) in bad.items():
        append(name, key, value, home)
    stray = event(run_id, 1, "text.delta", '{"text":"bad"}')
    append("elsewhere", run_id.encode(), stray, (home + 1) % partitions)
    append("good", run_id.encode(), event(run_id, 1, "text.delta", '{"text":"fine"}'), home)
    append(
        "good",
        run_id.encode(),
        event(run_id, 2, "run.completed", '{"answer":{"text":"fine"}}'),
        home,
    )
    assert writer.flush(30) == 0

    def has_verdict() -> bool:
        done = stack.run("inspect", run_id)
        return done.code == 0 and done.rows[0]["reconciliation"] is not None

    eventually(has_verdict, 60)
    run = stack.run("inspect", run_id).rows[0]
    assert run["packet"]["text"] == "fine"
    assert run["reconciliation"]["verdict"] == "reconciled"
    assert [r["event"]["seq"] for r in stack.run("tail", run_id, "--no-follow").rows] == [0, 1, 2]

    reasons = {name: reason for name, (_, _, reason) in bad.items()}
    reasons["elsewhere"] = "wrong_partition"
    deadline = time.monotonic() + 30
    while len(found := list(letters(settings, since))) < len(reasons):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    by_name = {}
    for letter in found:
        headers = {name: value.decode() for name, value in letter.headers}
        place = (int(headers["partition"]), int(headers["offset"]))
        assert headers["topic"] == topics.events
        assert place[0] == letter.partition
        by_name[stored[place]] = headers["reason"]
        if stored[place] in bad:
            assert (letter.key, letter.value) == bad[stored[place]][:2]
    assert len(found) == len(reasons)
    assert by_name == reasons
    assert stack.run("verify", "--all").code == 0


def test_what_a_reader_gets_is_stripped_bytes(stack: RunningStack) -> None:
    settings = KafkaSettings(kafka_bootstrap=stack.run_file.kafka_bootstrap)
    run_id = f"test-{uuid.uuid4().hex[:12]}"
    value = b" \r\n\t" + event(run_id, 0, "run.started", '{ "agent" : "a" , "x":1.50}') + b"\n"
    writer = KafkaLog(settings).writer()
    writer.append(settings.topics.events, run_id.encode(), value)
    writer.flush(30)

    def page() -> bytes:
        import httpx

        url = f"{stack.run_file.gateway_url}/v1/runs/{run_id}/events"
        answer = httpx.get(url, trust_env=False)
        return answer.content if answer.status_code == 200 else b""

    content = eventually(page)
    assert value.strip() in content
    assert json.loads(content)["events"][0]["event"]["data"]["x"] == 1.5
