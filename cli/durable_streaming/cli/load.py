"""Load: agents that stream at a pace, one run after the other."""

import asyncio
import itertools
import os
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any, Final

from durable_streaming.eventlog import KafkaSettings
from durable_streaming.producers import AgentProducer, ProducerOptions, RunHandle

# An answer of about 1,700 characters: at 30 tokens a second ten seconds.
_RUN_TOKENS: Final = 300
_WORDS: Final = (
    *("the ", "broker ", "keeps ", "a ", "record ", "in ", "its ", "partition ", "until "),
    *("retention ", "removes ", "it, ", "and ", "readers ", "resume ", "anywhere. "),
)


@dataclass(slots=True)
class Load:
    """What was published so far.

    Attributes:
        label: the tag `bench` of the runs.
        completed: runs that ended.
        tokens: calls of `run.text`.
        events: what became of them, merged, and everything else.
        seconds: from the first run's start until everything was stored.
        cpu_percent: of one core, over that time; the whole process's.
        late_ms: by how much tokens came later than the pace says; every hundredth is kept.
    """

    label: str
    completed: int = 0
    tokens: int = 0
    events: int = 0
    seconds: float = 0.0
    cpu_percent: float = 0.0
    late_ms: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Give the figures as JSON, the delays as two quantiles."""
        figures = asdict(self) | {"seconds": round(self.seconds, 2)}
        late_ms = figures.pop("late_ms")
        cuts = quantiles(late_ms, n=100) if len(late_ms) > 1 else [0.0] * 99
        return figures | {
            "tokens_per_second": round(self.tokens / self.seconds) if self.seconds else 0,
            "late_p50_ms": round(cuts[49], 2),
            "late_p99_ms": round(cuts[98], 2),
        }


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give what makes the load's event loop: uvloop's where it is installed, for it costs less."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def publish_load(
    settings: KafkaSettings,
    *,
    runs: int,
    rate: float,
    stop: asyncio.Event,
    show: Callable[[Load], None],
) -> Load:
    """Stream until `stop` is set; then every run ends with the answer that it has streamed.

    Args:
        settings: of the connection.
        runs: how many at a time.
        rate: tokens a second of each run.
        stop: ends it.
        show: called every second with what there is.

    Raises:
        ProducerError: not everything was stored.
    """
    load = Load(label=f"{int(time.time())}-{os.getpid()}")
    began, cpu = time.monotonic(), time.process_time()

    async def report() -> None:
        while True:
            await asyncio.sleep(1)
            load.seconds = time.monotonic() - began
            show(load)

    # Nobody takes these runs over, and looking for it would read back all that is written.
    options = ProducerOptions(check_takeover=False)
    async with AgentProducer(settings, options=options) as producer:
        reporting = asyncio.create_task(report())
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(runs):
                    agent = _Agent(producer, load, rate, number, stop)
                    group.create_task(agent.work(), name=f"bench-{number}")
            await producer.flush()
        finally:
            reporting.cancel()
        load.seconds = time.monotonic() - began
        load.cpu_percent = round((time.process_time() - cpu) / load.seconds * 100, 1)
    return load


class _Agent:
    def __init__(
        self, producer: AgentProducer, load: Load, rate: float, number: int, stop: asyncio.Event
    ) -> None:
        self._producer = producer
        self._load = load
        self._pause_s = 1 / rate
        self._stop = stop
        self._chance = random.Random(number)
        self._due_s = 0.0

    async def work(self) -> None:
        # Agents begin at different times, and the first runs end at different times.
        self._due_s = time.monotonic() + self._chance.random() * self._pause_s
        length = self._chance.randint(1, _RUN_TOKENS)
        for number in itertools.count(1):
            if self._stop.is_set():
                return
            async with self._producer.run(
                agent="bench", title=f"answer {number}", tags={"bench": self._load.label}
            ) as run:
                await run.plan(["answer"])
                async with run.step("answer"):
                    answer = await self._stream(run, length)
                await run.complete(answer)
            self._load.completed += 1
            self._load.events += run.next_seq
            length = _RUN_TOKENS

    async def _stream(self, run: RunHandle, length: int) -> str:
        said: list[str] = []
        while len(said) < length and not self._stop.is_set():
            await asyncio.sleep(max(0.0, self._due_s - time.monotonic()))
            token = self._chance.choice(_WORDS)
            run.text(token)
            said.append(token)
            self._load.tokens += 1
            if self._load.tokens % 100 == 0:
                self._load.late_ms.append((time.monotonic() - self._due_s) * 1_000)
                await run.ready()
            self._due_s += self._pause_s
        return "".join(said)
