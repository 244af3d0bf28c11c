"""The page keeps its connection, and says how it stands."""

import asyncio

import pytest
from playwright.async_api import WebSocketRoute, expect

from durable_streaming.producers import AgentProducer
from tests.page.runs import HALF, WHOLE, first_half, second_half
from tests.page.stack import Stack
from tests.page.viewer import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(120)]

BROKEN = ("WebSocket connection to", "Failed to load resource")


async def test_a_gateway_that_is_killed_costs_nothing(
    stack: Stack, producer: AgentProducer, viewer: Viewer
) -> None:
    viewer.expect_faults(*BROKEN)
    async with producer.run(agent="guide", title="Killed") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await viewer.sees_text(HALF)
        stack.kill_gateway()
        try:
            await viewer.sees_state("reconnecting")
            run.text("in ")
            await run.flush()
            assert await viewer.text() == HALF
        finally:
            await asyncio.to_thread(stack.start_gateway)
        await viewer.sees_text(f"{HALF}in ", within_s=20)
        await viewer.sees_state("live")
        await second_half(run, begun="in ")
        await viewer.sees_text(WHOLE)
    # Neither lost nor repeated: the milestones are those of one run.
    log = viewer.page.get_by_role("log")
    await expect(log.get_by_text("Run completed")).to_have_count(1)
    await expect(log.get_by_text("Run started by guide")).to_have_count(1)


async def test_a_network_that_goes_away_is_said_and_made_good(
    producer: AgentProducer, viewer: Viewer
) -> None:
    viewer.expect_faults(*BROKEN)
    async with producer.run(agent="guide", title="Offline") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await viewer.sees_state("live")
        await viewer.page.context.set_offline(True)
        await viewer.sees_state("reconnecting", within_s=1)
        run.text("in ")
        await run.flush()
        await viewer.page.context.set_offline(False)
        await viewer.sees_text(f"{HALF}in ")
        await viewer.sees_state("live")


async def test_silence_is_noticed(producer: AgentProducer, viewer: Viewer) -> None:
    """A connection that is dead without knowing: open, and nothing comes."""
    page = viewer.page
    dead: list[WebSocketRoute] = []
    latest: list[WebSocketRoute] = []

    def through(route: WebSocketRoute) -> None:
        latest[:] = [route]
        server = route.connect_to_server()
        server.on_message(lambda message: None if route in dead else route.send(message))

    await page.route_web_socket("**/ws?*", through)
    await page.clock.install()
    async with producer.run(agent="guide", title="Silent") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await page.clock.run_for(1_000)
        await viewer.sees_state("live")
        # Only this one: the page may be back before the test has seen it stale.
        dead.extend(latest)
        run.text("in ")
        await run.flush()
        await page.clock.run_for(29_000)
        await viewer.sees_state("live")
        await page.clock.run_for(1_100)
        await viewer.sees_state("stale")
        await page.clock.run_for(1_000)
        await viewer.sees_text(f"{HALF}in ")


async def test_a_position_that_is_gone_begins_again(
    producer: AgentProducer, viewer: Viewer
) -> None:
    """Close code 4409, as after a topic was made anew: what was shown is forgotten first."""
    page = viewer.page
    sockets: list[WebSocketRoute] = []
    addresses: list[str] = []

    def through(route: WebSocketRoute) -> None:
        sockets.append(route)
        addresses.append(route.url)
        route.connect_to_server()

    await page.route_web_socket("**/ws?*", through)
    async with producer.run(agent="guide", title="Anew") as run:
        await first_half(run)
        await viewer.open(run.run_id)
        await viewer.sees_text(HALF)
        await sockets[0].close(code=1012)
        await viewer.sees_state("live")
        assert "after=" in addresses[1]
        await sockets[1].close(code=4409)
        async with asyncio.timeout(10):
            while len(addresses) < 3:
                await asyncio.sleep(0.05)
        assert addresses[2].endswith("from=start")
        await viewer.sees_state("live")
        await viewer.sees_text(HALF)
        await expect(page.get_by_role("log").get_by_text("Run started")).to_have_count(1)
