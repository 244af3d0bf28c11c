"""The records that the contenders fold are what they are said to be."""

from benchmarks.fold.perrun import CHUNK_CODE_POINTS, fold_event, new_head
from benchmarks.fold.records import records
from durable_streaming.eventlog import Record
from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import BadRecord, decode, judge_value
from tests.processors.partitions.sites import TOPICS


def test_every_record_is_a_valid_event_and_every_ended_run_matches_its_claim() -> None:
    fold = PartitionFold(0, 1, store=MemoryStore())
    for offset, (key, value) in enumerate(records(5_000, active_runs=20)):
        assert not isinstance(judge_value(value), BadRecord)
        fold.feed(Record(TOPICS.events, 0, offset, key, value, 1))
    assert 19 <= fold.running <= 20
    verdicts = [decode(d.value or b"") for d in fold.drain() if d.topic == "reconciliations"]
    assert len(verdicts) > 20
    assert {verdict["verdict"] for verdict in verdicts} == {"reconciled"}


def test_runs_end_evenly_whatever_number_is_active() -> None:
    for active_runs in (10, 500):
        ends = [
            b'"run.completed"' in value for _, value in records(20_000, active_runs=active_runs)
        ]
        assert sum(ends[:10_000]) > 20
        assert sum(ends[10_000:]) > 20


def test_the_hand_written_fold_keeps_all_of_the_text() -> None:
    head, sealed = new_head(), []
    texts = [f"word {n} " for n in range(1_000)]
    for seq, text in enumerate(texts):
        event = {"seq": seq, "type": "text.delta", "data": {"text": text}}
        for _ in range(2):
            chunk = fold_event(head, event)
            if chunk is not None:
                sealed.append(chunk)
    assert "".join(sealed) + head["tail"] == "".join(texts)
    assert head["length"] == len("".join(texts))
    assert head["count"] == 1_000
    assert all(len(chunk) >= CHUNK_CODE_POINTS for chunk in sealed)
    assert len(sealed) == head["chunks"] > 2
