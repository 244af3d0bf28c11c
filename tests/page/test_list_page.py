"""The list of runs in a real browser."""

import pytest
from playwright.async_api import expect

from durable_streaming.producers import AgentProducer
from tests.page.runs import HALF, first_half, second_half
from tests.page.viewer import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_runs_come_and_change_while_the_list_is_open(
    producer: AgentProducer, viewer: Viewer
) -> None:
    page = viewer.page
    await page.goto("/")
    row = page.locator(".runs tbody tr", has_text="A run of the list")
    async with producer.run(agent="guide", title="A run of the list") as run:
        await first_half(run)
        await expect(row).to_be_visible(timeout=15_000)
        await expect(row.locator(".status")).to_have_text("running")
        await expect(row.locator(".name")).to_contain_text("guide")
        await expect(row.locator(".verdict")).to_have_text("")
        link = row.get_by_role("link")
        await link.focus()
        await second_half(run)
    await expect(row.locator(".status")).to_have_text("completed", timeout=30_000)
    await expect(row.locator(".verdict")).to_have_text("reconciled", timeout=30_000)
    # The row was changed, not replaced: whoever was on it still is.
    await expect(link).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/runs/{run.run_id}")


async def test_the_keyboard_reaches_everything(producer: AgentProducer, viewer: Viewer) -> None:
    page = viewer.page
    async with producer.run(agent="guide", title="By keyboard") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await viewer.sees_text(HALF)
        reached = set()
        for _ in range(8):
            await page.keyboard.press("Tab")
            reached.add(
                await page.evaluate(
                    "(document.activeElement.getAttribute('aria-label')"
                    " ?? document.activeElement.textContent).trim()"
                )
            )
    assert {"Skip to content", "Durable Streaming", "Theme: system", "All runs"} <= reached
    assert any("lookup" in name for name in reached)


async def test_a_filter_is_part_of_the_address(producer: AgentProducer, viewer: Viewer) -> None:
    page = viewer.page
    async with producer.run(agent="guide", title="Still running") as run:
        await first_half(run)
        async with producer.run(agent="guide", title="Cancelled long ago") as other:
            await other.cancel("no longer wanted")
        await producer.flush()
        await page.goto("/")
        cancelled = page.locator(".runs tbody tr", has_text="Cancelled long ago")
        await expect(cancelled.locator(".status")).to_have_text("cancelled", timeout=30_000)
        await page.get_by_label("status").select_option("cancelled")
        await page.wait_for_url("**/?status=cancelled")
        await expect(cancelled).to_be_visible()
        await expect(page.get_by_text("Still running")).to_have_count(0)
        await page.reload()
        await expect(page.get_by_label("status")).to_have_value("cancelled")
        await expect(cancelled).to_be_visible()


async def test_a_theme_is_kept(viewer: Viewer) -> None:
    page = viewer.page
    await page.goto("/")
    theme = page.locator("#theme")
    await theme.click()
    await theme.click()
    await expect(theme).to_have_attribute("aria-label", "Theme: dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
