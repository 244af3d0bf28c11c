"""The live objects of the providers' SDKs give the run that their recording gives."""

import re
from typing import Any

import pytest

from durable_streaming.producers import CapturingProducer
from durable_streaming.producers.adapters import detect
from tests.producers.adapters.replay import fixture, read_lines, replay
from tests.producers.adapters.test_recordings import FOLDER, MANIFEST

from .sdks import STREAMS, anthropic_raw

RECORDED = [pytest.param(entry["file"], id=entry["file"]) for entry in MANIFEST]


async def follow_in(producer: CapturingProducer, stream: Any, api: str = "auto") -> None:
    async with producer, producer.run(agent="a") as run:
        await run.follow(stream, api=api)


async def told(stream: Any, api: str = "auto") -> list[tuple[str, Any]]:
    producer = CapturingProducer()
    await follow_in(producer, stream, api)
    start, *events = producer.events()
    assert start["type"] == "run.started"
    return [(event["type"], event["data"]) for event in events]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("api", sorted(STREAMS))
async def test_the_stream_of_the_sdk_gives_the_run_of_its_recording(api: str) -> None:
    chunks = fixture(api)
    assert await told(STREAMS[api](chunks)) == _expected(chunks)
    assert await told(STREAMS[api](chunks), api) == _expected(chunks)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("file", RECORDED)
async def test_every_recording_is_the_same_run_through_the_sdk(file: str) -> None:
    chunks = read_lines(FOLDER / file)
    api = detect(chunks[0])
    stream = anthropic_raw if api == "anthropic-messages" else STREAMS[api]
    expected = _expected(chunks)
    if not any(chunk.get("error") or chunk.get("type") == "error" for chunk in chunks):
        assert await told(stream(chunks)) == expected
        return
    # The SDK raises what the provider sent as an error, and leaving the block ends the run.
    producer = CapturingProducer()
    with pytest.raises(Exception, match=re.escape(expected[-1][1]["error"]["message"])):
        await follow_in(producer, stream(chunks))
    events = [(event["type"], event["data"]) for event in producer.events()]
    assert events[1:-1] == expected[:-1]
    assert events[-1][0] == expected[-1][0] == "run.failed"


def _expected(chunks: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(fact.type, _written(fact.data)) for fact in replay(chunks).facts]


def _written(data: dict[str, Any]) -> dict[str, Any]:
    # Part 0 is what every delta belongs to that names no other.
    return {name: value for name, value in data.items() if (name, value) != ("part", 0)}
