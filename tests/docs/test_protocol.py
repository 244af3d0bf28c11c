"""Every example of `docs/protocol.md` is what the code says it is."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from durable_streaming.schemas import (
    EVENT_TYPES,
    BadRecord,
    Event,
    canonical,
    decode,
    judge,
    judge_value,
    partition_for,
)
from durable_streaming.schemas.frames import CLIENT_FRAME, SERVER_FRAME
from durable_streaming.schemas.judge import Reason
from durable_streaming.schemas.records import (
    DraftChunk,
    DraftHead,
    Packet,
    PacketChunk,
    Reconciliation,
    RunRequest,
)
from tests.docs.markdown import Block, blocks, codes, table
from tests.docs.protocol import (
    PARTITIONS,
    RUN,
    SHORT_RUN,
    TEXT,
    Fold,
    fold,
    run_values,
    short_values,
)

DERIVED: dict[str, type[BaseModel]] = {
    "drafts": DraftHead,
    "packets": Packet,
    "reconciliations": Reconciliation,
}
FORMS: dict[str, type[BaseModel]] = {
    "chunk": DraftChunk,
    "packet-chunk": PacketChunk,
    "request": RunRequest,
}


def examples(kind: str) -> pytest.MarkDecorator:
    found = blocks(TEXT, kind)
    assert found, f"no example of {kind}"
    return pytest.mark.parametrize("block", found, ids=str)


@examples("event")
def test_an_example_of_an_event_is_one(block: Block) -> None:
    event = judge_value(block.joined.encode())
    assert isinstance(event, Event), event
    assert event.type == block.tag[1]


def test_every_type_has_an_example() -> None:
    assert {block.tag[1] for block in blocks(TEXT, "event")} >= EVENT_TYPES


@examples("bad")
def test_an_example_of_a_bad_record_is_one_for_its_reason(block: Block) -> None:
    value = block.joined.encode()
    options = dict(word.split("=") for word in block.tag[2:])
    named = options.get("key") or _run_id(value) or RUN
    key = named.encode()
    partition = int(options.get("partition", partition_for(key, PARTITIONS)))
    found = judge(value, key, partition, PARTITIONS)
    assert isinstance(found, BadRecord), found
    assert found.reason == block.tag[1], found.detail


def _run_id(value: bytes) -> str | None:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found.get("run_id") if isinstance(found, dict) else None


def test_every_reason_is_listed_and_has_an_example() -> None:
    reasons = set(get_args(Reason))
    rows = table(TEXT, "order", "reason", "when")
    assert {code for row in rows for code in codes(row["reason"])} == reasons
    assert {block.tag[1] for block in blocks(TEXT, "bad")} == reasons


def test_the_log_of_the_document_is_valid_and_stands_where_it_says() -> None:
    assert f"in partition {partition_for(RUN.encode(), PARTITIONS)} of {PARTITIONS}" in TEXT
    for value in run_values():
        event = judge_value(value)
        assert isinstance(event, Event), event
        assert event.run_id == RUN


@examples("derived")
def test_the_log_of_the_document_gives_its_derived_records(block: Block) -> None:
    _, topic, after = block.tag
    values = run_values()
    given = fold(RUN, values if after == "end" else values[: int(after)])
    assert canonical(decode(block.text)) == given.stored(topic)
    DERIVED[topic].model_validate_json(block.text)


def test_every_member_of_the_derived_records_is_named() -> None:
    section = TEXT.partition("## 6. ")[2].partition("## 7. ")[0]
    for model in (*DERIVED.values(), *FORMS.values()):
        for member in model.model_fields:
            assert f"`{member}`" in section, f"{model.__name__}.{member}"


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_the_other_records_have_their_forms(kind: str) -> None:
    (block,) = blocks(TEXT, kind)
    assert set(decode(block.text)) == set(FORMS[kind].model_fields)
    FORMS[kind].model_validate_json(block.text)


def test_each_event_becomes_what_the_example_says() -> None:
    (block,) = blocks(TEXT, "classes")
    values = short_values(block.lines, "becomes")
    before = _standing([])
    for number, line in enumerate(block.lines):
        after = _standing(values[: number + 1])
        # An event that was pending and is folded now must not hide what this one became.
        changes = {name: after[name] - before[name] for name in after}
        if changes["pending"] < 0:
            changes["folded"] += changes["pending"]
            changes["pending"] = 0
        assert changes == {**dict.fromkeys(changes, 0), decode(line)["becomes"]: 1}, line
        before = after
    named = {row["class"] for row in table(TEXT, "class", "when")}
    assert named == {"late", "fenced", "duplicate", "conflict", "folded, pending"}
    assert {decode(line)["becomes"] for line in block.lines} == {*before}


def _standing(values: list[bytes]) -> dict[str, int]:
    """How many events are in each class."""
    run = fold(SHORT_RUN, values)
    head = run.value("drafts")
    folded, pending = (head["counts"]["events"], head["pending"]) if head is not None else (0, 0)
    verdict = _forced_verdict(run)
    if head is None and values:
        folded = verdict["events"]["count"]
    sequence = verdict["sequence"]
    return {
        "folded": folded,
        "pending": pending,
        "duplicate": sequence["duplicates"],
        "conflict": sequence["conflict_count"],
        "fenced": sequence["fenced"],
        "late": sequence["late"],
    }


def _forced_verdict(run: Fold) -> Any:
    """The reconciliation; a run that goes on is timed out for it."""
    if run.value("reconciliations") is None:
        head = run.value("drafts") or {"highest_seq": -1, "producer_epoch": -1}
        data = {
            "idle_seconds": 600,
            "last_seq": head["highest_seq"],
            "last_epoch": head["producer_epoch"],
        }
        run.feed(short_values([json.dumps({"type": "run.timed_out", "data": data})]))
    return run.value("reconciliations")


def test_the_violations_are_those_of_the_table_in_its_words() -> None:
    (block,) = blocks(TEXT, "violations")
    run = fold(SHORT_RUN, short_values(block.lines, "violates"))
    lines = [decode(line) for line in block.lines]
    expected = [
        {"seq": line.get("seq"), "slug": line["violates"]} for line in lines if "violates" in line
    ]
    assert _forced_verdict(run)["sequence"]["violations"] == expected
    listed = {
        code for row in table(TEXT, "slug", "when", "what is folded") for code in codes(row["slug"])
    }
    assert {entry["slug"] for entry in expected} == listed


@examples("log")
def test_a_short_log_gives_its_verdict(block: Block) -> None:
    (said,) = (b for b in blocks(TEXT, "verdict") if b.tag[1] == block.tag[1])
    found = fold(SHORT_RUN, short_values(block.lines)).value("reconciliations")
    for member, value in decode(said.text).items():
        if isinstance(value, dict):
            assert {name: found[member][name] for name in value} == value
        else:
            assert found[member] == value


def test_every_verdict_has_a_log() -> None:
    verdicts = set(get_args(Reconciliation.model_fields["verdict"].annotation))
    assert {decode(block.text)["verdict"] for block in blocks(TEXT, "verdict")} == verdicts


def test_canonical_json_is_written_as_shown() -> None:
    (block,) = blocks(TEXT, "canonical")
    for line in block.lines:
        given, _, written = line.partition(" => ")
        assert canonical(json.loads(given)).decode() == written


def test_keys_are_placed_as_shown() -> None:
    (block,) = blocks(TEXT, "placement")
    for line in block.lines:
        key, partition = line.split()
        assert partition_for(key.encode(), PARTITIONS) == int(partition), key


@examples("frame")
def test_an_example_of_a_frame_is_one(block: Block) -> None:
    adapter: Any = CLIENT_FRAME if block.tag[1] == "client" else SERVER_FRAME
    adapter.validate_json(block.text)
