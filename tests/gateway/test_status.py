"""The pipeline's state, and the documents that describe the gateway."""

from __future__ import annotations

import json
from typing import Any

import pytest

from durable_streaming.eventlog import MemoryLog
from durable_streaming.processors.fold.snapshot import POSITION_KEY, position_record
from durable_streaming.schemas.frames import CLIENT_FRAME, SERVER_FRAME
from tests.gateway.builders import PARTITIONS, TOPICS, Writer, head, home
from tests.gateway.servers import RunningGateway, viewer, wait_until
from tests.gateway.test_commands import GroupsLog


@pytest.fixture
def log() -> MemoryLog:
    return GroupsLog(TOPICS.specs(partitions=PARTITIONS))


async def test_status(running: RunningGateway, log: MemoryLog, writer: Writer) -> None:
    writer.run("r", 5)
    writer.derive(TOPICS.drafts, "r", head("r", 5))
    writer.derive(TOPICS.state, POSITION_KEY.decode(), position_record(4), "r")
    for number in range(20):
        writer.derive(TOPICS.state, f"other-{number}", b"{}", "r")
    wait_until(lambda: [r["agent"] for r in running.get("/v1/runs").json()["runs"]] == ["guide"])
    log.admin().delete_before({(TOPICS.events, home("r")): 1})
    async with viewer(running, "/v1/runs/r/ws?from=now") as one, viewer(running, "/v1/ws") as two:
        await one.until("caught_up")
        await two.send(type="watch")
        await two.frame()
        status = running.get("/v1/status").json()
    assert status["topics"] == {spec.name: PARTITIONS for spec in TOPICS.specs()}
    assert [partition["partition"] for partition in status["partitions"]] == list(range(PARTITIONS))
    assert status["partitions"][home("r")] == {
        "partition": home("r"),
        "low": 1,
        "high": 6,
        "gateway": 6,
        "processors": 4,
    }
    others = [p for p in status["partitions"] if p["partition"] != home("r")]
    assert {p["processors"] for p in others} == {None}
    assert (status["subscribers"], status["watchers"]) == (1, 1)
    assert status["agents"] == [{"agent": "guide", "members": 2}]


def test_the_asyncapi_document_has_every_frame(shared: RunningGateway) -> None:
    document = shared.get("/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    kinds = {*_kinds(CLIENT_FRAME), *_kinds(SERVER_FRAME)}
    assert set(document["components"]["messages"]) == kinds
    assert {c["address"] for c in document["channels"].values()} == {
        "/v1/ws",
        "/v1/runs/{run_id}/ws",
    }
    # Every reference leads somewhere.
    for ref in _references(document):
        place: Any = document
        for step in ref.removeprefix("#/").split("/"):
            place = place[step]
    json.dumps(document)


def _kinds(adapter: Any) -> set[str]:
    return set(adapter.core_schema["choices"])


def _references(place: Any) -> list[str]:
    if isinstance(place, dict):
        found = [place["$ref"]] if isinstance(place.get("$ref"), str) else []
        return found + [ref for value in place.values() for ref in _references(value)]
    if isinstance(place, list):
        return [ref for value in place for ref in _references(value)]
    return []
