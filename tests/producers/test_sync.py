"""The synchronous twin says the same, from any thread."""

import inspect
import threading

import pytest

from durable_streaming.producers import (
    AgentProducer,
    ProducerOptions,
    RunEnded,
    RunHandle,
    SyncAgentProducer,
    SyncCapturingProducer,
    SyncRunHandle,
)
from durable_streaming.producers.scopes import StepScope, ToolScope
from durable_streaming.producers.sync_scopes import SyncStepScope, SyncToolScope


def test_a_whole_run() -> None:
    with SyncCapturingProducer() as producer:
        with producer.run(agent="a", title="t") as run:
            run.plan(["s"])
            with run.step("s") as step:
                with run.tool("find", {"q": 1}):
                    pass
                run.source("d", title="D")
                step.complete("succeeded", "found")
            run.reasoning("hm")
            run.text("a")
            run.check("c", "warn")
            run.waiting("input")
            run.ready()
            run.complete("a", usage={"n": 1})
            assert run.flush().events == run.next_seq
        with pytest.raises(RunEnded):
            run.text("b")
        producer.flush()
    assert [event["type"] for event in producer.events()] == [
        "run.started", "plan.created", "step.started", "tool.called", "tool.returned",
        "source.added", "step.completed", "reasoning.delta", "text.delta", "quality.checked",
        "run.waiting", "run.completed",
    ]  # fmt: skip


def test_leaving_by_an_exception_fails_step_tool_and_run() -> None:
    producer = SyncCapturingProducer()
    with (
        pytest.raises(ValueError, match="no"),
        producer,
        producer.run(agent="a") as run,
        run.step("s"),
        run.tool("t"),
    ):
        raise ValueError("no")
    assert [event["data"].get("error") for event in producer.events()][3:] == [
        "no", "no", {"type": "ValueError", "message": "no"},
    ]  # fmt: skip


def test_a_cancelled_run_has_its_reason() -> None:
    with SyncCapturingProducer() as producer, producer.run(agent="a") as run:
        run.cancel("enough")
    assert producer.events()[-1]["data"] == {"reason": "enough"}


def test_threads_share_a_run_without_gaps() -> None:
    with SyncCapturingProducer(ProducerOptions(max_buffered_bytes=4_000)) as producer:
        with producer.run(agent="a") as run:

            def work(number: int) -> None:
                for step in range(50):
                    run.emit("x.note", {"by": number, "n": step})
                    run.text("t")

            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        events = producer.events()
    assert [event["seq"] for event in events] == list(range(len(events)))
    text = "".join(event["data"]["text"] for event in events if event["type"] == "text.delta")
    assert text == "t" * 400
    for number in range(8):
        notes = [e["data"]["n"] for e in events if e["type"] == "x.note"
                 and e["data"]["by"] == number]  # fmt: skip
        assert notes == list(range(50))


@pytest.mark.parametrize(
    ("asynchronous", "synchronous"),
    [
        (RunHandle, SyncRunHandle),
        (AgentProducer, SyncAgentProducer),
        (StepScope, SyncStepScope),
        (ToolScope, SyncToolScope),
    ],
)
def test_the_twins_have_the_same_names_and_parameters(
    asynchronous: type, synchronous: type
) -> None:
    def shape(of: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(of, inspect.isfunction)
            if not name.startswith("_")
        }

    assert shape(asynchronous) == shape(synchronous)
