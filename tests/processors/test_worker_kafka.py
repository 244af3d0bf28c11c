"""The worker on a real broker: killed, joined, frozen; compared with the pure fold of the log."""

import itertools
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from durable_streaming.eventlog import BufferFull, KafkaLog, KafkaSettings
from durable_streaming.processors.errors import Fenced, StillRunning
from durable_streaming.processors.fold.snapshot import POSITION_KEY, load_position
from durable_streaming.processors.rebuild import empty_derived
from durable_streaming.processors.settings import ProcessorSettings
from tests.processors.derived import differences, folded, read_all, stored
from tests.processors.samples import Item, clean_run, untidy_log
from tests.processors.workers import WorkerProcess, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]

PARTITIONS = 4
KILLS = 10


@pytest.fixture
def log(kafka_settings: KafkaSettings) -> KafkaLog:
    log = KafkaLog(kafka_settings)
    log.admin().ensure_topics(kafka_settings.topics.specs(partitions=PARTITIONS))
    return log


@pytest.fixture
def worker(kafka_settings: KafkaSettings, tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    made: list[WorkerProcess] = []

    def make(name: str, **environment: str) -> WorkerProcess:
        made.append(WorkerProcess(kafka_settings, tmp_path, name, **environment))
        return made[-1]

    yield make
    for process in made:
        process.end()


def append(log: KafkaLog, items: Iterable[Item], *, per_second: float | None = None) -> int:
    writer = log.writer("samples")
    began, count = time.monotonic(), 0
    for key, value in items:
        while True:
            try:
                writer.append(log.settings.topics.events, key, value)
                break
            except BufferFull:
                writer.poll(0.1)
        count += 1
        if per_second and count % 50 == 0:
            writer.poll(0)
            time.sleep(max(0.0, count / per_second - (time.monotonic() - began)))
    assert writer.flush(30) == 0
    writer.close()
    return count


class Flow:
    """Appends untidy runs at a pace, from a thread, until it is stopped."""

    def __init__(self, log: KafkaLog, *, per_second: float) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=append, args=(log, self._items()), kwargs={"per_second": per_second}
        )

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _items(self) -> Iterator[Item]:
        for seed in itertools.count():
            for item in untidy_log(seed, runs=40, deltas=40, at_once=30):
                if self._stop.is_set():
                    return
                yield item


def committed(log: KafkaLog) -> dict[int, int]:
    """The position of each partition as of its last transaction."""
    return {
        record.partition: load_position(record.value or b"")
        for record in read_all(log, log.settings.topics.state)
        if record.key == POSITION_KEY
    }


def wait_commit(log: KafkaLog) -> None:
    """Wait until one more transaction was committed."""
    before = committed(log)
    wait_until(lambda: committed(log) != before, 60, "a transaction")


def behind(log: KafkaLog) -> bool:
    """Whether records wait that no committed transaction stands for."""
    done = committed(log)
    marks = log.admin().watermarks(log.settings.topics.events)
    return any(done.get(p, 0) < high for p, (_, high) in marks.items())


def wait_folded(log: KafkaLog, timeout_s: float = 60) -> None:
    """Wait until the committed position of each partition is the source's end."""
    topics = log.settings.topics

    expected = {
        place: value for place, value in folded(log, topics).tables.items() if place[0] == "state"
    }

    def done() -> bool:
        found = stored(log, topics).tables
        return all(found.get(place) == value for place, value in expected.items())

    wait_until(done, timeout_s, "folding up to the end")


def assert_same(log: KafkaLog) -> None:
    topics = log.settings.topics
    assert differences(folded(log, topics), stored(log, topics)) == []


def test_drafts_packets_verdicts_and_letters_equal_the_pure_fold(
    log: KafkaLog, worker: Callable[..., WorkerProcess]
) -> None:
    append(log, untidy_log(1, runs=60, deltas=30))
    one = worker("one")
    one.start()
    wait_folded(log)
    began = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - began < 5
    assert_same(log)
    ends = log.admin().watermarks(log.settings.topics.events)
    assert log.admin().group_offsets(group(log)) == {
        (log.settings.topics.events, p): high for p, (_, high) in ends.items()
    }
    found = stored(log, log.settings.topics)
    assert {place[0] for place in found.tables} == {
        "drafts",
        "packets",
        "reconciliations",
        "state",
    }
    assert {letter[0] for letter in found.letters} == {"dead_letters", "control"}


@pytest.mark.timeout(600)
def test_killed_at_random_moments(log: KafkaLog, worker: Callable[..., WorkerProcess]) -> None:
    chance = random.Random(7)
    one = worker("one")
    hit = 0
    with Flow(log, per_second=300):
        for _ in range(KILLS):
            one.start_and_wait()
            wait_commit(log)
            time.sleep(chance.uniform(0.0, 0.6))
            one.kill()
            hit += behind(log)
    one.start_and_wait()
    wait_folded(log)
    assert one.stop() == 0
    sys.stderr.write(f"{hit} of {KILLS} kills hit a worker with uncommitted work\n")
    assert hit == KILLS
    assert_same(log)


def test_workers_join_and_leave(log: KafkaLog, worker: Callable[..., WorkerProcess]) -> None:
    one, two = worker("one"), worker("two")
    with Flow(log, per_second=300):
        one.start_and_wait()
        two.start_and_wait()
        wait_commit(log)
        two.kill()
        wait_until(lambda: one.said("partition opened") >= 6, 40, "the takeover of what was killed")
        two.start_and_wait()
        wait_commit(log)
        assert one.stop() == 0
        wait_until(lambda: two.said("partition opened") >= 6, 40, "the takeover of what left")
        wait_commit(log)
    wait_folded(log)
    assert two.stop() == 0
    assert_same(log)


def test_a_worker_that_froze_past_its_session_is_fenced(
    log: KafkaLog, worker: Callable[..., WorkerProcess]
) -> None:
    one, two = worker("one"), worker("two")
    with Flow(log, per_second=300):
        one.start_and_wait()
        wait_commit(log)
        one.signal(signal.SIGSTOP)
        two.start()
        wait_until(lambda: two.said("partition opened") == PARTITIONS, 60, "the takeover")
        wait_commit(log)
        one.signal(signal.SIGCONT)
        assert one.wait(60) == Fenced.exit_code
        wait_commit(log)
    wait_folded(log)
    assert two.stop() == 0
    assert_same(log)


def test_a_local_store_that_is_gone_or_damaged_is_rebuilt(
    log: KafkaLog, worker: Callable[..., WorkerProcess], tmp_path: Path
) -> None:
    append(log, untidy_log(5, runs=20, deltas=20))
    one = worker("one")
    one.start_and_wait()
    wait_folded(log)
    one.kill()
    stores = tmp_path / "processors" / "one"
    shutil.rmtree(stores / "0")
    (stores / "1" / "CURRENT").write_bytes(b"damaged")
    append(log, untidy_log(6, runs=20, deltas=20))
    one.start_and_wait()
    wait_folded(log)
    assert one.stop() == 0
    assert_same(log)


def test_a_rebuild_gives_the_same_again(
    log: KafkaLog, worker: Callable[..., WorkerProcess], kafka_settings: KafkaSettings
) -> None:
    append(log, untidy_log(8, runs=20, deltas=20))
    one = worker("one")
    one.start_and_wait()
    wait_folded(log)
    with pytest.raises(StillRunning):
        empty_derived(ProcessorSettings(**kafka_settings.model_dump()))
    one.kill()
    wait_until(lambda: log.admin().group_members(group(log)) == 0, 20, "the end of the session")
    rebuilding = worker("two", entry="rebuild")
    rebuilding.start()
    assert rebuilding.wait(60) == 0
    assert_same(log)
    verdicts = read_all(log, log.settings.topics.reconciliations)
    assert any(record.value is None for record in verdicts), "followers must see the keys go"


def group(log: KafkaLog) -> str:
    return f"{log.settings.topic_prefix}processors"


def test_a_silent_run_is_timed_out_once(
    log: KafkaLog, worker: Callable[..., WorkerProcess]
) -> None:
    append(log, clean_run("silent", 5, end=False))
    patient = worker("patient")
    patient.start_and_wait()
    wait_folded(log)
    patient.kill()
    # Its successor never saw the run's events, only what was committed of them.
    one = worker("one", DURABLE_IDLE_TIMEOUT="2")
    one.start()

    def timed_out() -> int:
        records = read_all(log, log.settings.topics.events)
        return sum(b'"run.timed_out"' in (record.value or b"") for record in records)

    wait_until(lambda: timed_out() > 0, 60, "the time-out")
    wait_folded(log)
    time.sleep(3)
    one.stop()
    assert timed_out() == 1
    assert_same(log)
    [packet] = [r for r in read_all(log, log.settings.topics.packets) if r.key == b"silent"]
    assert b'"status":"timed_out"' in (packet.value or b"")
