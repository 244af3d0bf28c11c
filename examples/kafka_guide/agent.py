"""One run of the guide: plan, search, read, write, check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from durable_streaming.producers import RunHandle

from .checks import Check, check_citations, check_coverage, check_sentences
from .compose import Citation, worth_quoting
from .entries import Entry
from .index import Index
from .pace import Pace
from .question import Question
from .sentences import sentences
from .writer import QuotingWriter, Writer

AGENT = "kafka-guide"

PLAN = {
    "search": "Search the documentation",
    "read": "Read the best entries",
    "write": "Write the answer",
    "check": "Check the answer",
}
_SEARCHED = 6
_SNIPPET_POINTS = 300
#: Looking something up takes a person's eye as long as this many tokens.
_GLANCE = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run came to."""

    text: str
    source_ids: tuple[str, ...]
    checks: tuple[Check, ...]


async def answer(
    question: str,
    run: RunHandle,
    index: Index,
    *,
    pace: float | None = None,
    writer: Writer | None = None,
    on_step: Callable[[str], None] = lambda step_id: None,
) -> Answer:
    """Answer a question and tell `run` everything on the way, its completion included.

    Args:
        question: In English.
        run: An entered run.
        index: Where to search.
        pace: Tokens a second; as fast as possible, when None.
        writer: Who writes; the documentation's own sentences, when None.
        on_step: Called with the id of each step that starts.

    Raises:
        ModelUnavailable: The writer's model did not deliver; leaving the run's block ends it as
            failed.
        ProducerError: The run could not be published.
    """
    asked = Question.parse(question)
    writer = QuotingWriter(index) if writer is None else writer
    pacer = Pace(pace)
    await run.plan({"step_id": step_id, "title": title} for step_id, title in PLAN.items())

    on_step("search")
    async with run.step("search") as step:
        entries = await _search(asked, run, index, pacer)
        await step.complete(summary=f"worth quoting: {len(entries)}")

    on_step("read")
    async with run.step("read"):
        for entry in entries:
            await pacer.wait(_GLANCE)
            await run.source(
                entry.entry_id,
                kind="document",
                title=entry.heading,
                snippet=_snippet(entry),
            )

    on_step("write")
    async with run.step("write") as step:
        text = await _write(asked, run, entries, writer, pacer)
        cited = writer.cite(text, asked, entries)
        await _cite(run, entries, cited)
        await step.complete(summary=f"characters: {len(text)}, citations: {len(cited)}")

    on_step("check")
    async with run.step("check") as step:
        known = {entry.entry_id: entry for entry in entries}
        checks = (
            check_sentences(text, cited, known, verbatim=writer.verbatim),
            check_citations(text, cited, known),
            check_coverage(asked, text),
        )
        for check in checks:
            await pacer.wait(_GLANCE)
            await run.check(check.check, check.verdict, score=check.score, detail=check.detail)

    source_ids = tuple(known)
    await run.complete(text, source_ids=source_ids)
    return Answer(text, source_ids, checks)


async def _search(asked: Question, run: RunHandle, index: Index, pacer: Pace) -> list[Entry]:
    arguments = {"words": list(asked.terms), "limit": _SEARCHED}
    async with run.tool("search_documentation", arguments, step_id="search") as call:
        await pacer.wait(_GLANCE)
        hits = index.search(asked, limit=_SEARCHED)
        await call.returned(
            [{"entry_id": hit.entry.entry_id, "score": round(hit.score, 2)} for hit in hits]
        )
    return worth_quoting(hits)


def _snippet(entry: Entry) -> str:
    """Return the entry's first whole sentences; at least one, however long."""
    first, *others = sentences(entry.blocks[0])
    for sentence in others:
        if len(first) + len(sentence) >= _SNIPPET_POINTS:
            break
        first = f"{first} {sentence}"
    return first


async def _write(
    asked: Question, run: RunHandle, entries: Sequence[Entry], writer: Writer, pacer: Pace
) -> str:
    written = []
    async for token in writer.write(asked, entries):
        # A broker that is away for longer than the producer's memory lasts slows the run down.
        await run.ready()
        await pacer.wait()
        run.text(token)
        written.append(token)
    return "".join(written)


async def _cite(run: RunHandle, entries: Sequence[Entry], cited: Sequence[Citation]) -> None:
    for entry in entries:
        ranges = [(c.start, c.end) for c in cited if c.entry_id == entry.entry_id]
        if ranges:
            await run.source(entry.entry_id, kind="document", cited=ranges)
