"""One stack for all tests of the page, and a browser that forgives nothing."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from durable_streaming.eventlog import KafkaSettings, LogAdmin
from durable_streaming.producers import AgentProducer
from tests.page.chromium import chromium, executable
from tests.page.stack import Stack, running_stack
from tests.page.viewer import Viewer


@pytest.fixture(scope="session")
def stack(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Processors and a gateway over topics of their own."""
    executable()  # skips before anything is started
    settings = KafkaSettings(kafka_bootstrap=kafka, topic_prefix=f"page-{uuid.uuid4().hex[:8]}.")
    try:
        with running_stack(settings, tmp_path_factory.mktemp("stack")) as stack:
            yield stack
    finally:
        admin = LogAdmin(settings)
        mine = [name for name in admin.topics() if name.startswith(settings.topic_prefix)]
        admin.delete_topics(mine)


@pytest.fixture
async def viewer(stack: Stack) -> AsyncIterator[Viewer]:
    """A person with a browser; afterwards nothing may have gone wrong in it."""
    async with chromium() as browser:
        context = await browser.new_context(base_url=stack.url)
        viewer = Viewer(await context.new_page(), stack.url)
        yield viewer
        viewer.check()


@pytest.fixture
async def producer(stack: Stack) -> AsyncIterator[AgentProducer]:
    async with AgentProducer(stack.settings) as producer:
        yield producer
