"""The HTTP interface over real sockets, on a log in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from durable_streaming.eventlog import MemoryLog
from tests.gateway.builders import TOPICS, Writer, event, head, home, packet, started
from tests.gateway.servers import RunningGateway, gateway, wait_until

NDJSON = {"Accept": "application/x-ndjson"}


def test_events_are_handed_out_byte_for_byte(running: RunningGateway, writer: Writer) -> None:
    values = [started("r"), *(event("r", n) for n in range(1, 6))]
    # White space around the object is no part of the event.
    writer.append("r", *(b" \r\n" + value + b"\t" for value in values))
    body = running.get("/v1/runs/r/events").content
    for value in values:
        assert b'"event":' + value + b"}" in body
    lines = running.http.get("/v1/runs/r/events", headers=NDJSON).content.splitlines()
    assert [line.partition(b'"event":')[2][:-1] for line in lines] == values


def test_pages_join_without_gap_or_repeat(running: RunningGateway, writer: Writer) -> None:
    writer.run("other-run", 30)
    writer.run("r", 22)
    found: list[int] = []
    position: dict[str, Any] = {}
    while True:
        page = running.get("/v1/runs/r/events", limit=5, **position).json()
        found += [entry["event"]["seq"] for entry in page["events"]]
        assert page["closed"] is False
        if page["caught_up"]:
            break
        assert page["token"] == page["events"][-1]["token"]
        position = {"after": page["token"]}
    assert found == list(range(23))


def test_a_page_at_the_end_keeps_its_position(shared: RunningGateway) -> None:
    end = shared.get("/v1/runs/r/events").json()["token"]
    page = shared.get("/v1/runs/r/events", after=end).json()
    assert page == {"events": [], "token": end, "caught_up": True, "closed": False}


def test_ndjson_goes_to_the_end_or_to_the_limit(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1_500)
    whole = running.http.get("/v1/runs/r/events", headers=NDJSON)
    assert whole.headers["content-type"] == "application/x-ndjson"
    assert len(whole.content.splitlines()) == 1_501
    part = running.http.get("/v1/runs/r/events?limit=700", headers=NDJSON)
    assert len(part.content.splitlines()) == 700


def test_state_before_the_processors_know_the_run(shared: RunningGateway) -> None:
    state = shared.get("/v1/runs/r").json()
    assert state["status"] == "running"
    assert state["draft"] is state["packet"] is state["reconciliation"] is None
    assert state["token"].endswith(".0")


def test_state_joins_the_draft_and_gives_its_position(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 3)
    chunk = {
        "schema_version": 1,
        "run_id": "r",
        "chunk": 0,
        "text": "héBéllo ",
        "deltas": [
            {"seq": 1, "part": 1, "length": 2},
            {"seq": 2, "part": 0, "length": 1},
            {"seq": 3, "part": 1, "length": 5},
        ],
    }
    writer.derive(TOPICS.drafts, "r#0", json.dumps(chunk).encode(), "r")
    deltas = [{"seq": 4, "part": 0, "length": 1}, {"seq": 5, "part": 1, "length": 2}]
    writer.derive(TOPICS.drafts, "r", head("r", 2, chunks=1, tail="Bwö", deltas=deltas))
    wait_until(lambda: running.get("/v1/runs/r").json()["draft"] is not None)
    state = running.get("/v1/runs/r").json()
    assert state["draft"]["text"] == "BBhééllo wö"
    assert state["token"].endswith(".3")


def test_a_head_without_its_chunks_is_not_shown(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    writer.derive(TOPICS.drafts, "r", head("r", 1, chunks=1))
    wait_until(lambda: running.get("/v1/runs").json()["runs"][0]["agent"] == "guide")
    refused = running.get("/v1/runs/r")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "not-ready")
    assert refused.headers["retry-after"] == "1"


def test_the_last_draft_stays_until_packet_and_verdict_are_there(
    running: RunningGateway, writer: Writer
) -> None:
    writer.run("r", 1)
    writer.derive(TOPICS.drafts, "r", head("r", 1, tail="so far"))
    writer.derive(TOPICS.drafts, "r", None)
    writer.derive(TOPICS.packets, "r", packet("r"))
    wait_until(lambda: running.get("/v1/runs/r").json()["packet"] is not None)
    assert running.get("/v1/runs/r").json()["draft"]["text"] == "so far"
    writer.settle("r", applied=1)
    wait_until(lambda: running.get("/v1/runs/r").json()["reconciliation"] is not None)
    state = running.get("/v1/runs/r").json()
    assert state["draft"] is None
    assert (state["status"], state["packet"]["text"]) == ("completed", "an answer")
    assert state["token"].endswith(".2")


def test_a_long_packet_text_is_whole(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    for number, text in enumerate(("one ", "two")):
        chunk = {"schema_version": 1, "run_id": "r", "chunk": number, "text": text}
        writer.derive(TOPICS.packets, f"r#{number}", json.dumps(chunk).encode(), "r")
    writer.derive(TOPICS.packets, "r", packet("r", None, text_chunks=2))
    wait_until(lambda: running.get("/v1/runs/r").json()["packet"] is not None)
    assert running.get("/v1/runs/r").json()["packet"]["text"] == "one two"


def test_the_run_list_is_filtered_and_paged(running: RunningGateway, writer: Writer) -> None:
    names = [f"run-{number}" for number in range(5)]
    for name in names:
        writer.run(name, 1)
        writer.derive(TOPICS.drafts, name, head(name, 1))
    writer.settle("run-3", applied=1, verdict="diverged")

    def listed(**query: Any) -> list[str]:
        return [run["run_id"] for run in running.get("/v1/runs", **query).json()["runs"]]

    wait_until(lambda: listed(verdict="diverged") == ["run-3"])
    assert sorted(listed()) == names
    assert sorted(listed(status="running")) == ["run-0", "run-1", "run-2", "run-4"]
    assert listed(agent="nobody") == []
    assert sorted(listed(agent="guide", thread_id="thread-1", tag="team=blue")) == names
    assert listed(tag="team=red") == []
    paged: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = running.get("/v1/runs", **query).json()
        paged += [run["run_id"] for run in page["runs"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert paged == listed()


def test_an_entry_has_every_field(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    writer.derive(TOPICS.drafts, "r", head("r", 1))
    writer.settle("r", applied=1)
    wait_until(lambda: running.get("/v1/runs").json()["runs"][0]["verdict"] is not None)
    entry = running.get("/v1/runs").json()["runs"][0]
    token = entry.pop("token")
    assert token.endswith(f".{home('r')}.2")
    assert entry == {
        "run_id": "r",
        "status": "completed",
        "agent": "guide",
        "title": "A question",
        "started_at": "2026-11-23T15:40:27.518Z",
        "updated_at": "2026-11-23T15:40:29Z",
        "ended_at": "2026-11-23T15:40:29Z",
        "verdict": "reconciled",
        "events": 2,
    }


def test_a_page_says_closed_when_the_run_is_over(running: RunningGateway, writer: Writer) -> None:
    writer.run("r", 1)
    writer.settle("r", applied=1)
    wait_until(lambda: running.get("/v1/runs/r/events").json()["closed"])
    assert running.get("/v1/runs/r/events", limit=1).json()["closed"] is False


def test_bad_records_are_no_part_of_a_run(running: RunningGateway, writer: Writer) -> None:
    place = home("r")
    writer.append("r", started("r"))
    for value in (None, b"", b"{", b"\xff", event("other", 1), b"[" * 100_000):
        writer.raw(b"r", value, place)
    writer.raw(None, event("r", 1), place)
    writer.raw(b"r", event("r", 1), (place + 1) % 4)
    writer.append("r", event("r", 1))
    found = running.get("/v1/runs/r/events").json()["events"]
    assert [entry["event"]["seq"] for entry in found] == [0, 1]
    assert running.get("/v1/runs/other").status_code == 404


def test_what_retention_removed_is_said(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 9)
    with gateway(tmp_path, log) as running:
        log.admin().delete_before({(TOPICS.events, home("r")): 4})
        wait_until(lambda: running.get("/v1/runs/r/events").status_code == 410)
        for query in ({}, {"from_offset": 0}, {"from_offset": 3}):
            refused = running.get("/v1/runs/r/events", **query)
            assert refused.status_code == 410
            rest = running.get("/v1/runs/r/events", after=refused.json()["token"]).json()
            assert [entry["offset"] for entry in rest["events"]] == [4, 5, 6, 7, 8, 9]
        assert running.get("/v1/runs/r/events", from_offset=4).status_code == 200


def test_a_position_below_the_first_record_is_fine_when_nothing_is_gone(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.append("old", *(event("old", n) for n in range(3)))
    neighbour = next(name for name in map(str, range(99)) if home(name) == home("old"))
    writer.run(neighbour, 2)
    log.admin().delete_before({(TOPICS.events, home("old")): 2})
    with gateway(tmp_path, log) as running:
        page = running.get(f"/v1/runs/{neighbour}/events", from_offset=0)
        assert [entry["offset"] for entry in page.json()["events"]] == [3, 4, 5]


def test_a_run_of_which_only_derived_records_are_left(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("gone", 1)
    writer.settle("gone", applied=1)
    log.admin().delete_before({(TOPICS.events, home("gone")): 2})
    with gateway(tmp_path, log) as running:
        assert [run["run_id"] for run in running.get("/v1/runs").json()["runs"]] == ["gone"]
        assert running.get("/v1/runs/gone").json()["packet"]["text"] == "an answer"
        assert running.get("/v1/runs/gone/events").status_code == 410


def test_a_restarted_gateway_has_all_without_reading_it_again(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 5)
    writer.settle("r", applied=5)
    with gateway(tmp_path, log) as running:
        before = (running.get("/v1/runs").json(), running.get("/v1/runs/r/events").json())
    with gateway(tmp_path, log) as running:
        after = (running.get("/v1/runs").json(), running.get("/v1/runs/r/events").json())
        assert running.engine.metrics.stored_events._value.get() == 0
    assert before == after


def test_a_damaged_store_is_rebuilt(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 5)
    with gateway(tmp_path, log) as running:
        before = running.get("/v1/runs/r/events").content
        store = running.engine.settings.store_dir
    for file in store.glob("MANIFEST-*"):
        file.write_bytes(b"damaged")
    with gateway(tmp_path, log) as running:
        assert running.get("/v1/runs/r/events").content == before


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/", "/runs/r"])
def test_what_else_there_is(shared: RunningGateway, path: str) -> None:
    assert shared.get(path).status_code == 200


def test_the_page_runs_no_foreign_script(shared: RunningGateway) -> None:
    page = shared.get("/runs/r")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
