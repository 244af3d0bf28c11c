"""Cancels and wishes for runs: judged strictly, appended once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from durable_streaming.eventlog import MemoryLog, Record
from durable_streaming.eventlog.memory import MemoryAdmin
from durable_streaming.gateway import appender
from durable_streaming.gateway.cancelling import Cancelling
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.schemas import Event, TopicSpec, is_run_id, judge
from durable_streaming.schemas.events import CancelRequestedData
from durable_streaming.schemas.records import RunRequest
from tests.gateway.builders import PARTITIONS, TOPICS, Writer, home
from tests.gateway.servers import RunningGateway, gateway, wait_until

CANCEL = "/v1/runs/r/cancel"


class GroupsAdmin(MemoryAdmin):
    """As on a broker, where consumer groups have members."""

    def group_members(self, group: str) -> int:
        return self.groups(group).get(group, 0)

    def groups(self, prefix: str) -> dict[str, int]:
        members = {"durable-agents-guide": 2, "durable-agents-gone": 0, "others": 1}
        return {name: count for name, count in members.items() if name.startswith(prefix)}


class GroupsLog(MemoryLog):
    def admin(self) -> MemoryAdmin:
        return GroupsAdmin(self)


@pytest.fixture(scope="module")
def with_agent(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningGateway, MemoryLog]]:
    log = GroupsLog(TOPICS.specs(partitions=PARTITIONS))
    with gateway(tmp_path_factory.mktemp("agents"), log) as running:
        yield running, log


def records(log: MemoryLog, topic: str) -> list[Record]:
    with log.reader({(topic, p): 0 for p in range(PARTITIONS)}) as reader:
        return reader.read(0)


def cancels(log: MemoryLog) -> list[Event]:
    judged = [
        judge(found.value, found.key, found.partition, PARTITIONS)
        for found in records(log, TOPICS.events)
    ]
    return [
        event
        for event in judged
        if isinstance(event, Event) and event.type == "run.cancel_requested"
    ]


def slug(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


def test_a_cancel_is_one_valid_event(
    running: RunningGateway, log: MemoryLog, writer: Writer
) -> None:
    writer.run("r", 1)
    body = {"reason": "wrong question", "seen_offset": 1}
    accepted = running.http.post(CANCEL, json=body)
    assert (accepted.status_code, accepted.json()) == (202, {"run_id": "r"})
    (found,) = cancels(log)
    assert (found.run_id, found.seq, found.data) == ("r", None, body)


def test_a_run_is_asked_once(running: RunningGateway, log: MemoryLog, writer: Writer) -> None:
    writer.run("r", 1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: running.http.post(CANCEL, json={}), range(24)))
    assert {answer.status_code for answer in answers} == {202}
    assert len(cancels(log)) == 1


class SilentLog(MemoryLog):
    """Takes records at once and says so when it is told to."""

    def __init__(self, specs: Sequence[TopicSpec]) -> None:
        super().__init__(specs)
        self.said = threading.Event()

    def writer(self, client_id: str = "silent") -> Any:
        return SilentWriter(super().writer(client_id), self.said)


class SilentWriter:
    def __init__(self, inner: Any, said: threading.Event) -> None:
        self._inner = inner
        self._said = said
        self._waiting: list[Callable[[], None]] = []

    def append(self, topic: str, key: bytes, value: bytes, *, on_outcome: Any) -> None:
        self._inner.append(
            topic,
            key,
            value,
            on_outcome=lambda outcome: self._waiting.append(lambda: on_outcome(outcome)),
        )
        self._inner.flush(1)

    def poll(self, timeout_s: float) -> None:
        if self._said.wait(timeout_s):
            while self._waiting:
                self._waiting.pop()()

    def close(self, timeout_s: float) -> None:
        self._inner.close(timeout_s)


async def test_asking_again_waits_for_the_same_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appender, "_TIMEOUT_S", 0.2)
    log = SilentLog(TOPICS.specs(partitions=PARTITIONS))
    cancelling = Cancelling(appender.Appender(log), TOPICS.events)
    for _ in range(2):
        with pytest.raises(Refusal, match="not known"):
            await cancelling.ask("epoch", "r", CancelRequestedData())
    log.said.set()
    await cancelling.ask("epoch", "r", CancelRequestedData())
    assert len(cancels(log)) == 1


def test_a_run_that_ended_is_not_cancelled(
    running: RunningGateway, log: MemoryLog, writer: Writer
) -> None:
    writer.run("r", 1)
    writer.settle("r", applied=1)
    wait_until(lambda: running.get("/v1/runs/r").json()["status"] == "completed")
    assert slug(running.http.post(CANCEL, json={})) == (409, "run-ended")
    assert cancels(log) == []


def test_a_cancel_of_a_run_that_is_not(running: RunningGateway) -> None:
    assert slug(running.http.post("/v1/runs/nobody/cancel", json={})) == (404, "no-such-run")
    # What is malformed is said first.
    assert slug(running.http.post("/v1/runs/nobody/cancel", json=[])) == (400, "bad-request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"reason": 5}',
        b'{"reason": "\\ud800"}',
        b'{"seen_offset": -1}',
        b'{"seen_offset": 1.0}',
        b'{"seen_offset": true}',
        b'{"seen_offset": "1"}',
        b'{"seen_offset": 9223372036854775808}',
        b'{"seen_offset": NaN}',
        b'{"x": ' + b"[" * 101 + b"]" * 101 + b"}",
        b"[" * 60_000,
        b'{"reason": "' + b"x" * 65_536 + b'"}',
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_bad_body_is_refused(shared: RunningGateway, body: bytes) -> None:
    assert slug(shared.http.post(CANCEL, content=body)) == (400, "bad-request")
    assert len(shared.get("/v1/runs/r/events").json()["events"]) == 6


def test_a_page_of_another_origin_can_not_cancel(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    refused = running.http.post(CANCEL, json={}, headers={"Origin": "http://evil.example"})
    assert slug(refused) == (403, "origin-refused")


@pytest.mark.parametrize("given", [None, {"question": "why?"}, "why?", [1, 2.5, None]])
def test_a_wish_for_a_run(with_agent: tuple[RunningGateway, MemoryLog], given: Any) -> None:
    running, log = with_agent
    before = len(records(log, TOPICS.requests))
    accepted = running.http.post("/v1/requests", json={"agent": "guide", "input": given})
    assert accepted.status_code == 202
    run_id = accepted.json()["run_id"]
    assert is_run_id(run_id)
    after = records(log, TOPICS.requests)
    assert len(after) == before + 1
    (found,) = (record for record in after if record.key == run_id.encode())
    assert found.value is not None
    assert found.partition == home(run_id)
    value = json.loads(found.value)
    assert (value["run_id"], value["agent"], value["input"]) == (run_id, "guide", given)
    assert set(value) == {"run_id", "agent", "input", "time"}
    RunRequest.model_validate(value)


def test_nobody_serves(with_agent: tuple[RunningGateway, MemoryLog]) -> None:
    running, log = with_agent
    before = records(log, TOPICS.requests)
    refused = running.http.post("/v1/requests", json={"agent": "other", "input": 1})
    assert slug(refused) == (503, "no-agent")
    assert int(refused.headers["retry-after"]) >= 1
    assert records(log, TOPICS.requests) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"agent": "other"}',
        b'{"agent": "", "input": 1}',
        b'{"agent": null, "input": 1}',
        b'{"agent": 5, "input": 1}',
        b'{"agent": "other", "input": 1e400}',
        b'{"agent": "other", "input": 9223372036854775808}',
        b'{"agent": "other", "input": "' + b"x" * 65_536 + b'"}',
        b'{"agent": "' + b"x" * 257 + b'", "input": 1}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_bad_wish_is_said_before_that_nobody_serves(
    with_agent: tuple[RunningGateway, MemoryLog], body: bytes
) -> None:
    refused = with_agent[0].http.post("/v1/requests", content=body)
    assert slug(refused) == (400, "bad-request")
