"""The worker on a real broker: killed, joined, frozen; compared with the pure fold of the log."""

import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.processors.errors import Fenced, StillRunning
from durable_streaming.processors.rebuild import empty_derived
from durable_streaming.processors.settings import ProcessorSettings
from tests.processors.derived import differences, folded, read_all, stored
from tests.processors.flows import Commits, Flow, append
from tests.processors.samples import clean_run, untidy_log
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


@pytest.fixture
def commits(log: KafkaLog) -> Iterator[Commits]:
    with Commits(log) as commits:
        yield commits


def assert_same(log: KafkaLog) -> None:
    topics = log.settings.topics
    assert differences(folded(log, topics), stored(log, topics)) == []


def test_drafts_packets_verdicts_and_letters_equal_the_pure_fold(
    log: KafkaLog, commits: Commits, worker: Callable[..., WorkerProcess]
) -> None:
    append(log, untidy_log(1, runs=60, deltas=30))
    one = worker("one")
    one.start()
    commits.wait_all()
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
def test_killed_at_random_moments(
    log: KafkaLog, commits: Commits, worker: Callable[..., WorkerProcess]
) -> None:
    chance = random.Random(7)
    one = worker("one")
    hit = 0
    with Flow(log, per_second=300):
        for _ in range(KILLS):
            one.start_and_wait()
            commits.wait_next()
            time.sleep(chance.uniform(0.0, 0.6))
            one.kill()
            hit += commits.behind()
    one.start_and_wait()
    commits.wait_all()
    assert one.stop() == 0
    sys.stderr.write(f"{hit} of {KILLS} kills hit a worker with uncommitted work\n")
    assert hit == KILLS
    assert_same(log)


def test_workers_join_and_leave(
    log: KafkaLog, commits: Commits, worker: Callable[..., WorkerProcess]
) -> None:
    one, two = worker("one"), worker("two")
    with Flow(log, per_second=300):
        one.start_and_wait()
        two.start_and_wait()
        commits.wait_next()
        two.kill()
        wait_until(lambda: one.said("partition opened") >= 6, 40, "the takeover of what was killed")
        two.start_and_wait()
        commits.wait_next()
        assert one.stop() == 0
        wait_until(lambda: two.said("partition opened") >= 6, 40, "the takeover of what left")
        commits.wait_next()
    commits.wait_all()
    assert two.stop() == 0
    assert_same(log)


def test_a_worker_that_froze_past_its_session_is_fenced(
    log: KafkaLog, commits: Commits, worker: Callable[..., WorkerProcess]
) -> None:
    one, two = worker("one"), worker("two")
    with Flow(log, per_second=300):
        one.start_and_wait()
        commits.wait_next()
        one.signal(signal.SIGSTOP)
        two.start()
        wait_until(lambda: two.said("partition opened") == PARTITIONS, 60, "the takeover")
        commits.wait_next()
        one.signal(signal.SIGCONT)
        assert one.wait(60) == Fenced.exit_code
        commits.wait_next()
    commits.wait_all()
    assert two.stop() == 0
    assert_same(log)


def test_a_local_store_that_is_gone_or_damaged_is_rebuilt(
    log: KafkaLog, commits: Commits, worker: Callable[..., WorkerProcess], tmp_path: Path
) -> None:
    append(log, untidy_log(5, runs=20, deltas=20))
    one = worker("one")
    one.start_and_wait()
    commits.wait_all()
    one.kill()
    stores = tmp_path / "processors" / "one"
    shutil.rmtree(stores / "0")
    (stores / "1" / "CURRENT").write_bytes(b"damaged")
    append(log, untidy_log(6, runs=20, deltas=20))
    one.start_and_wait()
    commits.wait_all()
    assert one.stop() == 0
    assert_same(log)


def test_a_rebuild_gives_the_same_again(
    log: KafkaLog,
    commits: Commits,
    worker: Callable[..., WorkerProcess],
    kafka_settings: KafkaSettings,
) -> None:
    append(log, untidy_log(8, runs=20, deltas=20))
    one = worker("one")
    one.start_and_wait()
    commits.wait_all()
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
    log: KafkaLog, commits: Commits, worker: Callable[..., WorkerProcess]
) -> None:
    append(log, clean_run("silent", 5, end=False))
    patient = worker("patient")
    patient.start_and_wait()
    commits.wait_all()
    patient.kill()
    # Its successor never saw the run's events, only what was committed of them.
    one = worker("one", DURABLE_IDLE_TIMEOUT="2")
    one.start()

    def timed_out() -> int:
        records = read_all(log, log.settings.topics.events)
        return sum(b'"run.timed_out"' in (record.value or b"") for record in records)

    wait_until(lambda: timed_out() > 0, 60, "the time-out")
    commits.wait_all()
    time.sleep(3)
    one.stop()
    assert timed_out() == 1
    assert_same(log)
    [packet] = [r for r in read_all(log, log.settings.topics.packets) if r.key == b"silent"]
    assert b'"status":"timed_out"' in (packet.value or b"")
