"""The run that the tests of the page look at, in two halves."""

from durable_streaming.producers import RunHandle

HALF = "Kafka keeps every record "
WHOLE = "Kafka keeps every record in order 🦊."


async def first_half(run: RunHandle) -> None:
    """Publish the run up to the middle of its answer, which is `HALF`."""
    await run.plan(
        [
            {"step_id": "search", "title": "Search"},
            {"step_id": "write", "title": "Write"},
            {"step_id": "review", "title": "Review"},
        ]
    )
    async with run.step("search") as step:
        async with run.tool("lookup", {"words": ["kafka"]}, step_id="search") as call:
            await call.returned(["doc-1"])
        await run.source("doc-1", title="The manual", snippet="Records are kept.")
        await step.complete(summary="one entry")
    await run.emit("step.started", {"step_id": "write"})
    for token in ("Kafka ", "keeps ", "every ", "record "):
        run.text(token)
    await run.flush()


async def second_half(run: RunHandle, answer: str = WHOLE, begun: str = "") -> None:
    """Publish the rest and the end; `begun` is what the test itself streamed of it."""
    run.text(WHOLE.removeprefix(HALF + begun))
    await run.source("doc-1", cited=[(0, len(HALF) - 1)])
    await run.emit("step.completed", {"step_id": "write", "status": "succeeded"})
    await run.check("quoted", "pass", score=1.0, detail="1 of 1")
    await run.complete(answer, source_ids=["doc-1"])
    await run.flush()
