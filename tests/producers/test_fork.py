"""Workers that a process forks: each opens a producer, and what was open before serves none."""

import multiprocessing
import threading
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.producers import NotOpen, SyncAgentProducer, SyncRunHandle
from tests.producers.support import memory_log, settings, types_by_run


def fork(work: Callable[..., None], *arguments: object) -> BaseProcess:
    with warnings.catch_warnings():
        # Python warns of forking with threads; that is what is being tried.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = multiprocessing.get_context("fork").Process(target=work, args=arguments)
        child.start()
    return child


def use(run: SyncRunHandle, pipe: Connection) -> None:
    said = []
    for call in (lambda: run.text("a"), lambda: run.emit("x.a", {}), lambda: run.flush()):
        try:
            call()
            said.append("went on")
        except NotOpen as error:
            said.append(str(error))
    pipe.send(said)


def test_a_child_is_told_to_open_its_own() -> None:
    ours, theirs = multiprocessing.Pipe()
    with (
        SyncAgentProducer(settings(), log=memory_log()) as producer,
        producer.run(agent="a") as run,
    ):
        child = fork(use, run, theirs)
        assert ours.poll(30)
        said = ours.recv()
        child.join(30)
    assert len(said) == 3
    assert all("in each process" in text for text in said)


def leave(producer: SyncAgentProducer) -> None:
    producer.__exit__(None, None, None)


def test_a_child_leaves_the_block_without_waiting_for_what_only_its_parent_has() -> None:
    with SyncAgentProducer(settings(), log=memory_log()) as producer:
        lock, held, left = producer._opened().outbox.lock, threading.Event(), threading.Event()

        def hold() -> None:
            with lock:
                held.set()
                left.wait(30)

        holding = threading.Thread(target=hold)
        holding.start()
        held.wait(30)
        child = fork(leave, producer)
        child.join(20)
        child.kill()
        left.set()
        holding.join()
        assert child.exitcode == 0


def work(producer: SyncAgentProducer, run_id: str) -> None:
    with producer, producer.run(agent="a", run_id=run_id) as run:
        run.text(run_id)


@pytest.mark.kafka
def test_workers_open_what_was_made_before_the_fork(kafka_settings: KafkaSettings) -> None:
    """As a module's global is; meanwhile the parent has one open, and goes on with it."""
    KafkaLog(kafka_settings).admin().ensure_topics(kafka_settings.topics.specs(partitions=1))
    made_before = SyncAgentProducer(kafka_settings)
    with SyncAgentProducer(kafka_settings) as producer, producer.run(agent="a", run_id="p") as run:
        run.flush()
        children = [fork(work, made_before, "c1"), fork(work, made_before, "c2")]
        for child in children:
            child.join(30)
        run.text("p")
    assert [child.exitcode for child in children] == [0, 0]
    whole = ["run.started", "text.delta", "run.completed"]
    assert types_by_run(kafka_settings) == dict.fromkeys(("p", "c1", "c2"), whole)
