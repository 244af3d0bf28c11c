"""The thread behind a producer: idle when idle, and never a reason to wait for ever."""

import time
from typing import Any

import pytest

from durable_streaming.eventlog import KafkaSettings, MemoryLog
from durable_streaming.producers import NotOpen, OutcomeUnknown, SyncAgentProducer
from tests.producers.support import ScriptedWriter, memory_log, settings


class BrokenWriter(ScriptedWriter):
    """A client whose polling ends with an error that nobody foresaw."""

    def poll(self, timeout_s: float = 0) -> int:
        if self.waiting:
            raise RuntimeError("a bug in the client")
        return 0


class SilentWriter(ScriptedWriter):
    """A client that never hears from its broker."""

    def poll(self, timeout_s: float = 0) -> int:
        time.sleep(timeout_s)
        return 0


class LogOf(MemoryLog):
    def __init__(self, writer: ScriptedWriter) -> None:
        super().__init__(KafkaSettings().topics.specs())
        self._writer = writer

    def writer(self, client_id: str = "durable") -> Any:
        return self._writer


def test_a_thread_that_ends_leaves_no_one_waiting() -> None:
    producer = SyncAgentProducer(settings(), log=LogOf(BrokenWriter()))
    with pytest.raises((NotOpen, OutcomeUnknown)), producer, producer.run(agent="a") as run:
        run.flush()
    with pytest.raises(NotOpen):
        run.emit("x.a", {})


def test_a_flush_with_a_time_of_its_own_says_what_is_open() -> None:
    producer = SyncAgentProducer(settings(), log=LogOf(SilentWriter()))
    run = producer.__enter__().run(agent="a").__enter__()
    run.text("a")
    with pytest.raises(OutcomeUnknown, match="within") as caught:
        run.flush(timeout_s=0.05)
    assert caught.value.seqs == [0, 1]
    engine = producer._opened()
    engine.close()
    with pytest.raises(OutcomeUnknown):
        run._writer.flushed(0)


def test_an_idle_producer_costs_next_to_nothing() -> None:
    with SyncAgentProducer(settings(), log=memory_log()) as producer:
        run = producer.run(agent="a").__enter__()
        run.flush()
        began = time.process_time()
        time.sleep(1)
        assert time.process_time() - began < 0.05
        run.complete()
