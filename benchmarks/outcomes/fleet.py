"""Runs that are streamed under trouble, and what is said of each of their events."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from durable_streaming.eventlog import KafkaSettings, Outcome
from durable_streaming.producers import LogFailed, OutcomeUnknown, ProducerOptions
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.takeover import take_over

from ..background import background
from .check import Said

RUNS: Final = 8
_PAUSE_S: Final = 0.002
_WAIT_S: Final = 60.0
# Short beside a broker's restart, so that kills make outcomes unknown.
_OPTIONS: Final = ProducerOptions(answer_deadline_s=1.0)


class Fleet:
    """Runs that append deltas, and what is said of each.

    Attributes:
        said: of every event so far, by all of its engines.
    """

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        self.said: list[Said] = []
        self._settings = settings
        self._engine = Engine(settings, _OPTIONS)
        self._runs = [self._engine.new_run(f"{name}-{number}") for number in range(RUNS)]
        for run in self._runs:
            self._engine.outbox.register(run)
            run.append("run.started", {"agent": "benchmark"})

    def append(self) -> None:
        """Append one delta to each run."""
        for run in self._runs:
            text = f"<{run.epoch}.{run.next_seq}>"
            one = self._say(run, text)
            run.append("text.delta", {"text": text}, _noting(one))

    def append_refused(self, number: int, event_type: str, data: object) -> None:
        """Append what the broker refuses; another writer takes the run over once it is said."""
        run = self._runs[number % RUNS]
        one = self._say(run, None)
        run.append(event_type, data, _noting(one))
        wait(lambda: run.ledger.is_stopped)
        self._engine.outbox.unregister(run)
        self._runs[number % RUNS] = self._take_over(run.run_id)

    def streaming(self) -> AbstractContextManager[None]:
        """Append from a thread for as long as the context is open."""

        def stream(ended: threading.Event) -> None:
            while not ended.wait(_PAUSE_S):
                self.append()

        return background(stream)

    def replace_producer(self, meanwhile: Callable[[], None]) -> None:
        """Close the producer, whatever is unanswered; another one takes over after `meanwhile`."""
        self._engine.close()
        meanwhile()
        self._engine = Engine(self._settings, _OPTIONS)
        self._runs = [self._take_over(run.run_id) for run in self._runs]

    def settle(self) -> None:
        """Wait until everything that the producer holds is stored."""
        wait(lambda: all(run.ledger.is_clean for run in self._runs))

    def finish(self) -> None:
        """End every run."""
        for run in self._runs:
            run.append("run.completed", {})
        self.settle()
        self._engine.close()

    def _say(self, run: RunWriter, text: str | None) -> Said:
        one = Said((run.run_id, run.epoch, run.next_seq), text)
        self.said.append(one)
        return one

    def _take_over(self, run_id: str) -> RunWriter:
        deadline_s = time.monotonic() + _WAIT_S
        while True:
            try:
                return take_over(self._engine, run_id)
            except (LogFailed, OutcomeUnknown):
                # A broker that has just come back answers not everything at once.
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)


def wait(happened: Callable[[], bool]) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it did not within a minute.
    """
    deadline_s = time.monotonic() + _WAIT_S
    while not happened():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"did not come about within {_WAIT_S:.0f} s")
        time.sleep(0.005)


def _noting(one: Said) -> Callable[[Outcome], None]:
    def note(outcome: Outcome) -> None:
        one.outcome = outcome

    return note
