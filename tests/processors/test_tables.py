"""Faust's tables show what the partitions' owners hold, and take no writes."""

from pathlib import Path
from typing import Any

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.processors.app import Processor, create_processor
from durable_streaming.processors.errors import StoreLocked
from durable_streaming.processors.settings import ProcessorSettings
from durable_streaming.schemas import Topics
from tests.processors.partitions import sites
from tests.processors.partitions.sites import append, unexpected
from tests.processors.samples import clean_run


@pytest.fixture
def settings(tmp_path: Path) -> ProcessorSettings:
    return ProcessorSettings(topic_prefix="t.", data_dir=tmp_path, processor_id="one")


@pytest.fixture
def processor(settings: ProcessorSettings) -> Processor:
    return create_processor(settings, on_failure=unexpected, log=sites.new_log())


async def test_tables_read_what_the_owner_committed(processor: Processor) -> None:
    run_id = sites.key_of(1)
    assert isinstance(processor.log, MemoryLog)
    append(processor.log, clean_run(run_id, 600, end=False))
    drafts: Any = processor.app.tables["drafts"]
    assert drafts.changelog_topic.get_topic_name() == Topics("t.").drafts
    with pytest.raises(KeyError):
        drafts[run_id.encode()]
    await processor.ownership.assign({0, 1})
    await processor.ownership.feed(1, sites.source(processor.log, 1))
    await processor.ownership.suspend()
    assert b'"status":"running"' in drafts[run_id.encode()]
    assert f"{run_id}#0".encode() in drafts
    assert b"no-such-run" not in drafts
    assert len(drafts) == len(list(drafts)) > 1
    await processor.ownership.close()


def test_tables_take_no_writes(processor: Processor) -> None:
    packets: Any = processor.app.tables["packets"]
    for write in (
        lambda: packets.update({b"k": b"v"}),
        lambda: packets.__setitem__(b"k", b"v"),
        lambda: packets.__delitem__(b"k"),
        packets.clear,
    ):
        with pytest.raises(TypeError, match="transactions"):
            write()


def test_a_name_is_used_once_on_a_machine(
    processor: Processor, settings: ProcessorSettings
) -> None:
    with pytest.raises(StoreLocked, match="DURABLE_PROCESSOR_ID"):
        create_processor(settings, on_failure=unexpected, log=processor.log)
    other = settings.model_copy(update={"processor_id": "two"})
    create_processor(other, on_failure=unexpected, log=processor.log)
