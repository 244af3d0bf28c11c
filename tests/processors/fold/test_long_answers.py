"""Cost in proportion to the events, whatever the length of the answer."""

import pytest

from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import decode
from tests.processors.fold.support import RUN, Log


def delta_log(deltas: int, text: str) -> Log:
    """A start and deltas, made from one template: building them must not be the slow part."""
    log = Log().start().text(1, text)
    template = log.records[-1]
    assert template.value is not None
    for seq in range(2, deltas + 1):
        value = template.value.replace(b'"seq":1,', b'"seq":%d,' % seq)
        log.records.append(template._replace(offset=seq, value=value))
    return log


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_megabytes_in_two_hundred_thousand_deltas() -> None:
    log = delta_log(200_000, "0123456789" * 5)
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    written = [0, 0, 0, 0]
    for record in log.records:
        partition.feed(record)
        if record.offset % 15 == 0:
            content = partition.drain()
            store.commit(content)
            written[record.offset // 50_001] += sum(len(item.value or b"") for item in content)
    # The last quarter writes what the first did, but for longer numbers.
    assert written[3] < 1.05 * written[0]
    claimed = {"length": 10_000_000, "sha256": "0" * 64}
    partition.feed(log.complete(200_001, claimed).records[-1])
    store.commit(partition.drain())
    verdict = decode(store.get("reconciliations", RUN.encode()) or b"")
    assert verdict["text"]["streamed_length"] == 10_000_000
    assert verdict["verdict"] == "diverged"
    packet = decode(store.get("packets", RUN.encode()) or b"")
    assert packet["text_chunks"] == 153
    assert list(store.scan("drafts", b"")) == []


@pytest.mark.parametrize("deltas", [3_000, 12_000])
def test_derived_bytes_follow_the_source_whatever_the_length(deltas: int) -> None:
    """Thirty deltas a second and two commits a second are 15 deltas a commit."""
    log = delta_log(deltas, "a sentence grows ")
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    source = derived = 0
    for record in log.records:
        partition.feed(record)
        source += len(record.value or b"") + len(record.key or b"")
        if record.offset % 15 == 0:
            content = partition.drain()
            store.commit(content)
            derived += sum(len(item.value or b"") + len(item.key or b"") for item in content)
    assert derived < 2 * source


def test_sealed_text_is_not_held_in_memory_once_it_is_committed() -> None:
    log = delta_log(5_000, "0123456789" * 5)
    store = MemoryStore()
    partition = PartitionFold(0, 1, store=store)
    for record in log.records:
        partition.feed(record)
        if record.offset % 100 == 0:
            store.commit(partition.drain())
    (run,) = vars(partition)["_runs"].values()
    assert run.text.sealed > 100
    held = [number for number in range(run.text.sealed) if run.text.held(number)]
    assert len(held) <= 3
