"""One run in a real browser: real events, real gateway, real verdict."""

import re

import pytest
from playwright.async_api import expect

from durable_streaming.producers import AgentProducer
from tests.page.runs import HALF, WHOLE, first_half, second_half
from tests.page.stack import Stack
from tests.page.viewer import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(120)]

VERDICT_MS = 30_000


async def test_a_page_opened_in_the_middle_and_reloaded(
    producer: AgentProducer, viewer: Viewer
) -> None:
    page = viewer.page
    async with producer.run(agent="guide", title="Why Kafka?") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await viewer.sees_text(HALF)
        await viewer.sees_state("live")
        expected = [("Search", "succeeded"), ("Write", "running"), ("Review", "planned")]
        assert await viewer.steps() == expected
        await expect(page.locator("h1")).to_have_text("Why Kafka?")
        await expect(page.locator(".sources .name")).to_have_text("The manual")
        await expect(page.locator(".tools .name")).to_have_text("lookup")

        await page.reload()
        await viewer.sees_text(HALF)
        assert await viewer.steps() == expected

        run.text("in ")
        await viewer.sees_text(f"{HALF}in ")
        await viewer.sees_state("live")
        await second_half(run, begun="in ")

    await viewer.sees_state("closed", within_s=30)
    for _ in range(2):
        await viewer.sees_text(WHOLE)
        await expect(page.locator(".banner")).to_contain_text("Reconciled.", timeout=VERDICT_MS)
        assert await viewer.steps() == [
            ("Search", "succeeded"),
            ("Write", "succeeded"),
            ("Review", "planned"),
        ]
        await expect(page.locator(".steps .tag")).to_have_text("not run")
        await expect(page.locator(".checks .name")).to_have_text("quoted")
        cited = page.locator(".answer .cited")
        await expect(cited).to_have_text("Kafka keeps every record")
        await expect(cited.locator("a")).to_have_attribute("href", "#source-1")
        await page.reload()


async def test_a_claim_that_is_not_what_was_streamed(
    producer: AgentProducer, viewer: Viewer
) -> None:
    claimed = WHOLE.replace("in order", "in rows")
    async with producer.run(agent="guide") as run:
        await first_half(run)
        await second_half(run, answer=claimed)
    await viewer.open(run.run_id)
    banner = viewer.page.locator(".banner")
    await expect(banner).to_contain_text("Diverged.", timeout=VERDICT_MS)
    await expect(banner).to_contain_text(f"code point {WHOLE.index('order')}")
    await viewer.sees_text(WHOLE)
    sealed = viewer.page.locator(".sealed")
    await expect(sealed).to_have_text(claimed)
    await expect(sealed.locator("mark")).to_have_text("rows")
    # Without a title a run is called by its id.
    await expect(viewer.page.locator("h1")).to_have_text(run.run_id)


async def test_a_failed_run_says_why(producer: AgentProducer, viewer: Viewer) -> None:
    async with producer.run(agent="guide", title="Fails") as run:
        await first_half(run)
        await run.fail("the well is dry", error_type="Drought")
    await viewer.open(run.run_id)
    banners = viewer.page.locator(".banner")
    await expect(banners.first).to_contain_text("Failed: Drought. the well is dry")
    await expect(banners.last).to_contain_text("Unclaimed.", timeout=VERDICT_MS)
    assert ("Write", "unfinished") in await viewer.steps()


async def test_text_beside_the_answer_is_shown_beside_it(
    producer: AgentProducer, viewer: Viewer
) -> None:
    async with producer.run(agent="guide", title="Parts") as run:
        run.text("Let me look. ", part=0)
        run.text("It is in order.", part=1)
        await run.complete("It is in order.", parts=[1])
    await viewer.open(run.run_id)
    await viewer.sees_text("It is in order.")
    await expect(viewer.page.locator(".aside")).to_have_text("Let me look.")
    await expect(viewer.page.locator(".banner")).to_contain_text("Reconciled.", timeout=VERDICT_MS)


async def test_a_run_that_does_not_exist_is_refused(viewer: Viewer) -> None:
    viewer.expect_faults("WebSocket connection to")
    await viewer.open("run_that_never_was")
    await viewer.sees_state("refused")
    await expect(viewer.page.locator(".banner")).to_contain_text("can't be shown")


async def test_milestones_are_announced_but_never_the_text(
    producer: AgentProducer, viewer: Viewer
) -> None:
    log = viewer.page.get_by_role("log")
    async with producer.run(agent="guide", title="Aloud") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await viewer.sees_state("live")
        # What was replayed is history and stays unsaid.
        await expect(log).to_have_attribute("aria-live", "polite")
        await expect(log.locator("li")).to_have_count(7)
        run.text("more")
        await run.check("quoted", "warn")
        await expect(log).to_contain_text("Check warn: quoted")
        await expect(log).not_to_contain_text("keeps")
        await expect(log.locator("li")).to_have_count(8)
        answer = viewer.page.locator("#answer")
        assert await answer.evaluate("e => e.closest('[aria-live], [role=log]')") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_everything_without_scrolling_sideways(
    producer: AgentProducer, viewer: Viewer, scheme: str
) -> None:
    page = viewer.page
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 375, "height": 812})
    async with producer.run(agent="guide", title="T" * 120) as run:
        await first_half(run)
        run.text("x" * 200)
        await run.source("s" * 200, url=f"https://example.test/{'y' * 200}")
        await run.flush()
        for path in (f"/runs/{run.run_id}", "/"):
            await page.goto(path)
            await expect(page.get_by_text(re.compile("T{120}")).first).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 375
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    shade = sum(map(int, re.findall(r"\d+", background)[:3]))
    assert (shade < 200) == (scheme == "dark")


async def test_nothing_but_the_page_is_loaded(stack: Stack, viewer: Viewer) -> None:
    """The page's own promise, beside what `viewer` checks in every test."""
    response = await viewer.page.goto("/")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    await expect(viewer.page.locator("h1")).to_have_text("Runs")
