"""The page folds any log to what the processors fold it to.

The same records go through the processors' fold here and through `fold.js` in a real browser.
"""

import json
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Page, Route

from durable_streaming.processors.fold import MemoryStore, PartitionFold
from durable_streaming.schemas import BadRecord, decode, judge
from tests.page.chromium import chromium
from tests.processors.fold.support import Record
from tests.reference.generators.logs import GeneratedLog
from tests.reference.strategies import SEEDS, seeded_log

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGE = files("durable_streaming.gateway") / "page"
LONGEST = 500
MOST = 100
MOST_CITED = 20

FOLD = """
async (runs) => {
  const fold = await import("/assets/fold.js");
  return runs.map((records) => {
    const run = fold.newRun();
    // Each record twice: a reconnect that repeats one must change nothing.
    for (const [offset, value] of records) {
      for (const _ of [1, 2]) fold.foldRecord(run, offset, JSON.parse(value));
    }
    const title = (step) => step.title ?? step.planTitle;
    return {
      status: run.status, agent: run.agent, title: run.title, model: run.model,
      started_at: run.startedAt, text: fold.answerOf(run),
      streamed: [...run.parts.values()].join(""),
      reasoning_length: run.reasoningLength, waiting: run.waiting,
      cancel_requested: fold.cancelRequested(run), events: run.events, missing: run.missing,
      revision: run.plan && run.plan.revision,
      steps: fold.stepsOf(run).map((step) => ({
        step_id: step.id, title: title(step), status: step.status, attempt: step.attempt,
        planned: step.planned, summary: step.summary, error: step.error,
      })),
      sources: [...run.sources.values()],
      checks: [...run.checks.values()],
      tools: [...run.tools.values()].map((tool) => ({
        call_id: tool.id, name: tool.name, step_id: tool.stepId, status: tool.status,
        error: tool.error,
      })),
    };
  });
}
"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of the files as they are, without a gateway."""

    async def serve(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        body = (PAGE / name).read_text() if name else "<!doctype html>"
        kind = "text/javascript" if name else "text/html"
        await route.fulfill(body=body, content_type=kind)

    async with chromium() as browser:
        opened = await browser.new_page()
        await opened.route("**/*", serve)
        await opened.goto("http://page.test/")
        yield opened


def valid_records(log: GeneratedLog) -> dict[str, list[tuple[int, str]]]:
    """What a gateway would deliver, by run."""
    runs: dict[str, list[tuple[int, str]]] = {}
    for record in log.records:
        event = judge(record.value, record.key, log.partition, log.partitions)
        if not isinstance(event, BadRecord):
            runs.setdefault(event.run_id, []).append((record.offset, event.value.decode()))
    return runs


def folded(log: GeneratedLog) -> MemoryStore:
    store = MemoryStore()
    partition = PartitionFold(log.partition, log.partitions, store=store)
    for number, record in enumerate(log.records):
        partition.feed(
            Record("runs.events", record.offset, record.key, record.value, 1_000 * number)
        )
    store.commit(partition.drain())
    return store


def cut(value: Any) -> Any:
    """Bound the page's lists and strings as derived records are bounded."""
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, list):
        return [cut(item) for item in value[:MOST]]
    if isinstance(value, dict):
        return {name: cut(item) for name, item in value.items()}
    return value


def as_shown(step: dict[str, Any]) -> dict[str, Any]:
    # JavaScript counts attempts exactly up to 2^53, which no agent reaches.
    return {"summary": None, "error": None, **step, "attempt": min(step["attempt"], 2**53)}


def check_run(view: dict[str, Any], store: MemoryStore, run_id: str) -> None:
    key = run_id.encode()
    head, packet, verdict = (
        decode(value) if (value := store.get(topic, key)) else None
        for topic in ("drafts", "packets", "reconciliations")
    )
    known = head or packet
    assert known is not None
    for name in ("status", "agent", "title", "model", "started_at"):
        assert cut(view[name]) == known[name], name
    assert view["revision"] == (known["plan"] and known["plan"]["revision"])
    assert cut(view["steps"]) == [as_shown(step) for step in known["steps"]]
    sources = [
        {"source_id": source.pop("id"), **source, "cited": source["cited"][:MOST_CITED]}
        for source in view["sources"]
    ]
    assert cut(sources) == known["sources"]
    assert cut(view["checks"]) == known["checks"]
    assert cut(view["tools"]) == known["tools"]
    if head is not None:
        chunks = [
            decode(store.get("drafts", f"{run_id}#{number}".encode()) or b"{}")["text"]
            for number in range(head["text"]["chunks"])
        ]
        in_fold_order = "".join(chunks) + head["text"]["tail"]
        assert sorted(view["streamed"]) == sorted(in_fold_order)
        for name in ("waiting", "cancel_requested", "reasoning_length"):
            assert view[name] == head[name], name
        assert view["events"] == head["counts"]["events"]
    if verdict is not None:
        assert view["events"] == verdict["events"]["count"]
        assert view["missing"] == verdict["sequence"]["missing_count"]
        assert len(view["text"]) == verdict["text"]["streamed_length"]
        if verdict["text"]["final_sha256"] is None and packet is not None and packet["text"]:
            assert view["text"] == packet["text"]


async def test_any_log_is_folded_alike(page: Page) -> None:
    compared = ended = 0
    for seed in SEEDS:
        log = seeded_log(seed)
        runs = valid_records(log)
        store = folded(log)
        views = await page.evaluate(FOLD, list(runs.values()))
        for view, run_id in zip(views, runs, strict=True):
            try:
                check_run(view, store, run_id)
            except AssertionError as error:
                error.add_note(f"seed {seed}, run {run_id}")
                raise
            compared += 1
            ended += view["status"] != "running"
    assert compared > len(SEEDS)
    assert 0 < ended < compared


async def test_a_hole_above_the_limit_is_given_up_alike(page: Page) -> None:
    def event(seq: int, kind: str, data: dict[str, Any]) -> str:
        form = {"schema_version": 1, "run_id": "run_0", "time": "2026-11-23T15:40:27Z"}
        writer = {"producer_id": "p", "producer_epoch": 0}
        return json.dumps({**form, **writer, "seq": seq, "type": kind, "data": data})

    values = [event(0, "run.started", {"agent": "a"})]
    values += [event(seq, "text.delta", {"text": f"{seq} "}) for seq in range(5, 1_010)]
    (view,) = await page.evaluate(FOLD, [list(enumerate(values))])
    assert view["missing"] == 4
    assert view["events"] == 1_006
    assert view["text"] == "".join(f"{seq} " for seq in range(5, 1_010))
