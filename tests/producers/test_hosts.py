"""Where agents run: on uvloop, and in the cells of a notebook."""

import ast
import asyncio
import inspect
from typing import Any

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.producers import AgentProducer, CapturingProducer
from tests.producers.support import types_by_run


@pytest.mark.kafka
def test_a_run_under_uvloop(kafka_settings: KafkaSettings) -> None:
    uvloop = pytest.importorskip("uvloop")
    KafkaLog(kafka_settings).admin().ensure_topics(kafka_settings.topics.specs(partitions=1))

    async def agent() -> None:
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        async with AgentProducer(kafka_settings) as producer:
            async with producer.run(agent="a", run_id="r1") as run:
                run.text("a")
                assert (await run.flush()).events == 2
            async with producer.run(agent="a", run_id="r2") as run:
                assert await run.cancelled(0.05) is None
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await run.cancelled()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(agent())
    assert types_by_run(kafka_settings) == {
        "r1": ["run.started", "text.delta", "run.completed"],
        "r2": ["run.started", "run.completed"],
    }


class Notebook:
    """Executes cells as IPython and `python -m asyncio` do: on a loop that runs already."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    async def execute(self, cell: str) -> None:
        code = compile(cell, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, self.names)
        if inspect.iscoroutine(result):
            await result


async def test_a_cell_with_a_block_at_its_top_level() -> None:
    notebook = Notebook()
    await notebook.execute("from durable_streaming.producers import *")
    await notebook.execute(
        "async with CapturingProducer() as producer, producer.run(agent='a') as run:\n"
        "    run.text('a')\n"
        "    await run.flush()"
    )
    producer: CapturingProducer = notebook.names["producer"]
    assert [event["type"] for event in producer.events()] == [
        "run.started", "text.delta", "run.completed",
    ]  # fmt: skip


async def test_a_run_that_goes_on_from_cell_to_cell() -> None:
    notebook = Notebook()
    await notebook.execute("from durable_streaming.producers import CapturingProducer")
    await notebook.execute(
        "producer = await CapturingProducer().__aenter__()\n"
        "run = await producer.run(agent='a').__aenter__()"
    )
    await notebook.execute("run.text('a')")
    await asyncio.sleep(0.05)
    await notebook.execute("await run.complete('a')")
    await notebook.execute("await producer.__aexit__(None, None, None)")
    assert notebook.names["producer"].events()[-1]["data"]["answer"] == {"text": "a"}


async def test_the_synchronous_twin_in_a_cell() -> None:
    """It waits for a thread of its own and not for the loop, which it holds up meanwhile."""
    notebook = Notebook()
    await notebook.execute("from durable_streaming.producers import SyncCapturingProducer")
    await notebook.execute(
        "with SyncCapturingProducer() as producer:\n"
        "    with producer.run(agent='a') as run:\n"
        "        run.text('a')\n"
        "        flushed = run.flush()"
    )
    assert notebook.names["flushed"].events == 2
