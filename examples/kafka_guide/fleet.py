"""Many questions at once, each a run of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from durable_streaming.producers import AgentProducer, ProducerError

from .agent import AGENT, Answer, answer
from .errors import GuideError
from .index import Index
from .model import ModelWriter
from .settings import GuideSettings
from .writer import QuotingWriter, Writer


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one question of the fleet stands.

    Attributes:
        question: The question.
        run_id: Its run.
        stage: `started`, the id of the step that started, `completed` or `failed`.
        events: How many events the run has appended.
        error: Why it failed, or None.
    """

    question: str
    run_id: str
    stage: str
    events: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question ended: with an answer, or with the reason why there is none."""

    question: str
    run_id: str
    answer: Answer | None
    error: str | None = None


async def run_fleet(
    producer: AgentProducer,
    questions: Sequence[str],
    index: Index,
    *,
    concurrency: int = 4,
    pace: float | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    settings: GuideSettings | None = None,
) -> list[Outcome]:
    """Answer all questions, `concurrency` at a time; one that fails leaves the others alone.

    Args:
        producer: An open producer.
        questions: In the order in which they are started.
        index: Where to search.
        concurrency: Most runs at a time, at least 1.
        pace: Tokens a second and run; as fast as possible, when None.
        on_progress: Called in the event loop, at each change of stage.
        settings: Of the writer; the environment's, when None.

    Returns:
        One outcome a question, in their order.
    """
    turn = asyncio.Semaphore(concurrency)

    async def one(question: str, writer: Writer) -> Outcome:
        async with turn:
            return await _answer_one(producer, question, index, pace, writer, on_progress)

    async with (
        _writer(index, settings or GuideSettings()) as writer,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(one(question, writer)) for question in questions]
    return [task.result() for task in tasks]


@asynccontextmanager
async def _writer(index: Index, settings: GuideSettings) -> AsyncIterator[Writer]:
    if settings.openai_base_url is None:
        yield QuotingWriter(index)
        return
    async with httpx.AsyncClient() as client:
        yield ModelWriter(client, settings)


async def _answer_one(
    producer: AgentProducer,
    question: str,
    index: Index,
    pace: float | None,
    writer: Writer,
    on_progress: Callable[[Progress], None],
) -> Outcome:
    run = producer.run(
        agent=AGENT, title=question, input={"question": question}, model=writer.model
    )

    def tell(stage: str, error: str | None = None) -> None:
        on_progress(Progress(question, run.run_id, stage, run.next_seq, error))

    try:
        async with run:
            tell("started")
            found = await answer(question, run, index, pace=pace, writer=writer, on_step=tell)
            await run.flush()
    except (GuideError, ProducerError) as error:
        tell("failed", str(error))
        return Outcome(question, run.run_id, None, str(error))
    tell("completed")
    return Outcome(question, run.run_id, found)
