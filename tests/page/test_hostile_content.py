"""Whatever an agent writes stays text: in every field, on both pages."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from durable_streaming.producers import AgentProducer
from tests.page.viewer import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(120)]

PAGE = Path(__file__).parents[2] / "gateway" / "durable_streaming" / "gateway" / "page"

MARKUP = (
    "<img src=x onerror=\"window.hit='{0}'\"><script>window.hit='{0}'</script>"
    "</textarea></title>{{{{7*7}}}}"
)


def hostile(field: str) -> str:
    return f"{field} {MARKUP.format(field)}"


async def test_markup_in_every_field_is_shown_as_text(
    producer: AgentProducer, viewer: Viewer
) -> None:
    page = viewer.page
    step_id, call_id, source_id = hostile("step")[:200], hostile("call")[:200], hostile("id")[:200]
    async with producer.run(
        agent=hostile("agent"), title=hostile("title"), model=hostile("model")
    ) as run:
        await run.plan([{"step_id": step_id, "title": hostile("step title")}])
        async with run.step(step_id) as step:
            called = {"query": hostile("arguments"), hostile("key"): 1}
            async with run.tool(hostile("tool"), called, call_id=call_id) as call:
                await call.returned(hostile("output"), error=hostile("tool error"))
            await step.complete("failed", hostile("summary"), error=hostile("step error"))
        await run.source(
            source_id,
            url="javascript:window.hit='url'",
            title=hostile("source"),
            snippet=hostile("snippet"),
            cited=[(0, 10)],
        )
        await run.source("data", url="data:text/html,<script>window.hit='data'</script>")
        await run.check(hostile("check"), "fail", detail=hostile("detail"))
        run.text(hostile("text"))
        await run.fail(hostile("message"), error_type=hostile("type"))

    await viewer.open(run.run_id)
    await viewer.sees_text(hostile("text"))
    for details in await page.locator(".tools summary").all():
        await details.click()
    body = await page.locator("main").inner_text()
    for field in (
        "agent", "title", "model", "step title", "tool", "arguments", "key", "output",
        "tool error", "summary", "step error", "source", "snippet", "check", "detail", "text",
        "message", "type",
    ):  # fmt: skip
        assert f"{field} <img src=x" in body, field
    await page.goto("/")
    await expect(page.locator(".runs .stretched", has_text="title <img").first).to_be_visible()

    assert await page.evaluate("window.hit") is None
    await viewer.open(run.run_id)
    await viewer.sees_text(hostile("text"))
    assert await page.evaluate("window.hit") is None
    assert await page.locator("main img, main script, main iframe, main object").count() == 0
    # Addresses that a browser would run rather than visit are no links.
    assert await page.locator(".sources a").count() == 0
    assert await page.locator("a[href^=javascript], a[href^=data]").count() == 0


async def test_a_web_address_is_a_link_that_tells_nothing_about_us(
    producer: AgentProducer, viewer: Viewer
) -> None:
    async with producer.run(agent="guide", title="Links") as run:
        await run.source("docs", url="https://example.test/a?b=c#d", title="Docs")
        await run.flush()
        await viewer.open(run.run_id)
        link = viewer.page.get_by_role("link", name="Docs")
        await expect(link).to_have_attribute("href", "https://example.test/a?b=c#d")
        relation = await link.get_attribute("rel")
        assert relation is not None
        assert {"noopener", "noreferrer"} <= set(relation.split())


@pytest.mark.parametrize("name", sorted(path.name for path in PAGE.glob("*.js")))
def test_no_script_makes_markup_of_strings(name: str) -> None:
    code = (PAGE / name).read_text()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "srcdoc",
    ):
        assert way not in code
