"""A gateway over the log of `docs/protocol.md` answers as the document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from durable_streaming.eventlog import KafkaSettings, MemoryLog
from durable_streaming.schemas import Topics, partition_for
from tests.docs.markdown import Block, blocks
from tests.docs.protocol import EPOCH, PARTITIONS, RUN, TEXT, fold, run_values
from tests.gateway.servers import RunningGateway, gateway

# For people, and free to change.
PROSE = {"message", "detail", "title"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    topics = Topics()
    log = MemoryLog(topics.specs(partitions=PARTITIONS))
    writer = log.writer("tests")
    derived = fold(RUN, run_values())
    home = partition_for(RUN.encode(), PARTITIONS)
    for value in run_values():
        writer.append(topics.events, RUN.encode(), value, partition=home)
    for topic in ("packets", "reconciliations"):
        record = derived.stored(topic)
        assert record is not None
        writer.append(getattr(topics, topic), RUN.encode(), record, partition=home)
    assert writer.flush(10) == 0
    kafka = KafkaSettings(topic_prefix=topics.prefix)
    with gateway(tmp_path_factory.mktemp("served"), log, kafka=kafka) as found:
        yield found


@pytest.mark.parametrize("block", blocks(TEXT, "response"), ids=str)
def test_a_request_is_answered_as_shown(block: Block, running: RunningGateway) -> None:
    _, status, method, path = block.tag
    response = running.http.request(method, path)
    assert response.status_code == int(status), response.text
    found = _with_epoch(response.text, running)
    expected = json.loads(block.text)
    if response.headers["content-type"].startswith("application/problem+json"):
        assert set(found) == set(expected)
        found, expected = _without_prose(found), _without_prose(expected)
    assert found == expected


@pytest.mark.parametrize("block", blocks(TEXT, "session"), ids=str)
async def test_a_session_goes_as_shown(block: Block, running: RunningGateway) -> None:
    path = block.tag[1].replace(EPOCH, _epoch(running))
    async with running.open(path) as socket:
        for line in block.lines:
            said, _, text = line.partition(" ")
            if said == ">":
                await socket.send(text)
            elif said == "<":
                frame = _with_epoch(str(await socket.recv()), running)
                assert _without_prose(frame) == _without_prose(json.loads(text))
            else:
                assert said == "close"
                assert await _close_code(socket) == int(text)


async def _close_code(socket: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        await socket.recv()
    return socket.close_code


def _epoch(running: RunningGateway) -> str:
    return running.engine.current.tokens.epoch


def _with_epoch(text: str, running: RunningGateway) -> Any:
    return json.loads(text.replace(_epoch(running), EPOCH))


def _without_prose(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in PROSE}
