"""A clock that tests move, and a writer whose answers tests give."""

from collections import deque
from collections.abc import Callable
from typing import Any

from durable_streaming.eventlog import (
    BufferFull,
    Headers,
    KafkaLog,
    KafkaSettings,
    MemoryLog,
    Outcome,
    Stored,
)
from durable_streaming.producers.delivery.outbox import Outbox
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.lifecycle import Lifecycle
from durable_streaming.producers.options import ProducerOptions
from durable_streaming.schemas import decode

TOPIC = "runs.events"
RUN = "run-1"


def settings() -> KafkaSettings:
    return KafkaSettings(topic_prefix="runs.")


def memory_log(partitions: int = 3) -> MemoryLog:
    return MemoryLog(settings().topics.specs(partitions=partitions))


def stored_events(log: MemoryLog) -> list[dict[str, Any]]:
    """Give what the events topic holds, partition by partition."""
    marks = log.admin().watermarks(TOPIC)
    with log.reader({(TOPIC, p): low for p, (low, _) in marks.items()}) as reader:
        return [decode(record.value or b"") for record in reader.read(0, max_records=100_000)]


def types_by_run(settings: KafkaSettings) -> dict[str, list[str]]:
    """Give the types of all events that a topic of one partition holds, by their run."""
    log, topic = KafkaLog(settings), settings.topics.events
    _, high = log.admin().watermarks(topic)[0]
    found: dict[str, list[str]] = {}
    with log.reader({(topic, 0): 0}) as reader:
        while reader.positions[topic, 0] < high:
            for event in (decode(record.value or b"") for record in reader.read(1)):
                found.setdefault(event["run_id"], []).append(event["type"])
    return found


class ManualClock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def monotonic(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return int(self.now_s * 1000)


class ScriptedWriter:
    """Takes records as a broker's client does; each is answered when the test says so."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self.waiting: deque[Callable[[Outcome], None]] = deque()
        self.is_full = False
        self.takes = 1_000_000
        self.after_answers: Callable[[], None] = lambda: None

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Headers | None = None,
        on_outcome: Callable[[Outcome], None] | None = None,
    ) -> None:
        if self.is_full or len(self.values) >= self.takes:
            raise BufferFull("the queue is full")
        self.values.append(decode(value or b""))
        assert on_outcome is not None
        self.waiting.append(on_outcome)

    def answer(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.waiting.popleft()(outcome)
        self.after_answers()

    def answer_all(self) -> None:
        for offset in range(len(self.waiting)):
            self.answer(Stored(0, offset))

    def poll(self, timeout_s: float = 0) -> int:
        return 0

    def flush(self, timeout_s: float) -> int:
        return len(self.waiting)

    def close(self, timeout_s: float = 5) -> None:
        return


class Bench:
    """An outbox without its thread: the test turns it by hand."""

    def __init__(self, options: ProducerOptions | None = None) -> None:
        self.clock = ManualClock()
        self.writer = ScriptedWriter()
        self.outbox = Outbox(self.writer, TOPIC, "p-1", options or ProducerOptions(), self.clock)
        self.writer.after_answers = lambda: self.outbox.poll(0)

    def run(self, run_id: str = RUN) -> RunWriter:
        run = RunWriter(self.outbox, run_id, lifecycle=Lifecycle(run_id, strict=False))
        self.outbox.register(run)
        return run

    def pass_time(self, seconds: float) -> None:
        self.clock.now_s += seconds
        self.outbox.turn(self.clock.now_s)
        self.outbox.expire(self.clock.now_s)

    @property
    def texts(self) -> list[str]:
        return [value["data"].get("text", value["type"]) for value in self.writer.values]


class Woken:
    def __init__(self) -> None:
        self.times = 0

    def wake(self) -> None:
        self.times += 1
