"""From `durable publish` to the gateway, the log and the proof, on a real stack."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stacks import RunningStack, eventually, lines

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


def new_run() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


def answer(run_id: str, text: str = "Kafka keeps it.") -> list[dict[str, Any]]:
    return [
        {"run_id": run_id, "type": "run.started", "data": {"agent": "test", "title": "a title"}},
        {"run_id": run_id, "type": "text.delta", "data": {"text": text}},
        {"run_id": run_id, "type": "run.completed", "data": {"answer": {"text": text}}},
    ]


def state(stack: RunningStack, run_id: str) -> dict[str, Any]:
    done = stack.run("inspect", run_id)
    return done.rows[0] if done.code == 0 else {}


def wait_for_verdict(stack: RunningStack, run_id: str) -> dict[str, Any]:
    def verdict() -> Any:
        return state(stack, run_id).get("reconciliation")

    eventually(verdict, 60)
    return state(stack, run_id)


def test_a_published_run_comes_back_from_everywhere(stack: RunningStack, tmp_path: Path) -> None:
    run_id = new_run()
    published = stack.run("publish", "-", stdin=lines(answer(run_id)))
    assert published.code == 0, published.err
    assert [(r["run_id"], r["seq"], r["outcome"]) for r in published.rows] == [
        (run_id, 0, "ok"), (run_id, 1, "ok"), (run_id, 2, "ok"),
    ]  # fmt: skip
    found = wait_for_verdict(stack, run_id)
    assert found["status"] == "completed"
    assert found["draft"] is None
    assert found["packet"]["text"] == "Kafka keeps it."
    assert found["reconciliation"]["verdict"] == "reconciled"

    offsets = [r["offset"] for r in published.rows]
    for command in (("tail",), ("tail", "--no-follow"), ("replay", "--speed", "0")):
        shown = stack.run(command[0], run_id, *command[1:])
        assert shown.code == 0, shown.err
        assert [row["offset"] for row in shown.rows] == offsets
        assert [row["event"]["type"] for row in shown.rows] == [
            "run.started", "text.delta", "run.completed",
        ]  # fmt: skip
    rest = stack.run("tail", run_id, "--after", shown.rows[0]["token"])
    assert [row["offset"] for row in rest.rows] == offsets[1:]

    listed = stack.run("ls", "--agent", "test", "--verdict", "reconciled")
    assert run_id in [row["run_id"] for row in listed.rows]
    assert stack.run("verify", run_id).code == 0

    for format_ in ("ndjson", "parquet"):
        exported = stack.run("export", "--to", tmp_path / format_, "--format", format_)
        assert exported.code == 0, exported.err
        assert exported.rows[0]["events"] >= 3
    runs = [json.loads(line) for line in (tmp_path / "ndjson/runs.ndjson").read_text().splitlines()]
    assert next(r for r in runs if r["run_id"] == run_id)["text"] == "Kafka keeps it."


def test_a_run_that_ended_refuses_and_stores_nothing(stack: RunningStack) -> None:
    run_id = new_run()
    assert stack.run("publish", "-", stdin=lines(answer(run_id))).code == 0
    wait_for_verdict(stack, run_id)
    again = stack.run("publish", "-", stdin=lines(answer(run_id)[1:2]))
    assert again.code == 1
    assert again.rows[0]["outcome"] == "failed"
    assert "ended" in again.rows[0]["error"]
    assert len(stack.run("tail", run_id, "--no-follow").rows) == 3


def test_a_run_that_goes_on_is_taken_over(stack: RunningStack) -> None:
    run_id = new_run()
    assert stack.run("publish", "-", stdin=lines(answer(run_id)[:2])).code == 0
    assert stack.run("publish", "-", stdin=lines(answer(run_id)[2:])).code == 0
    found = wait_for_verdict(stack, run_id)
    assert found["packet"]["producer_epoch"] == 1
    assert found["reconciliation"]["verdict"] == "reconciled"
    kinds = [r["event"]["type"] for r in stack.run("tail", run_id, "--no-follow").rows]
    assert kinds == ["run.started", "text.delta", "run.resumed", "run.completed"]


def test_what_is_not_there_is_said(stack: RunningStack) -> None:
    for command in (("inspect",), ("tail",), ("tail", "--no-follow"), ("replay",), ("verify",)):
        done = stack.run(command[0], new_run(), *command[1:])
        assert done.code == 3, (command, done)
        assert done.out == ""
        assert "error:" in done.err


BAD_LINES = {
    "no JSON": b"{",
    "no object": b"[1]",
    "lone surrogate": b'{"run_id":"%b","type":"text.delta","data":{"text":"\\ud800"}}',
    "not a number": b'{"run_id":"%b","type":"x.a","data":NaN}',
    "long number": b'{"run_id":"%b","type":"x.a","data":' + b"9" * 5000 + b"}",
    "deep": b'{"run_id":"%b","type":"x.a","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too large": b'{"run_id":"%b","type":"text.delta","data":{"text":"' + b"x" * 1_000_001 + b'"}}',
    "no run id": b'{"run_id":"../x","type":"text.delta","data":{"text":"a"}}',
    "empty text": b'{"run_id":"%b","type":"text.delta","data":{"text":""}}',
    "not UTF-8": b'{"run_id":"%b","type":"text.delta","data":{"text":"\xff"}}',
}


def test_bad_lines_fail_alone_and_leave_no_gap(stack: RunningStack) -> None:
    run_id = new_run()
    first, second, last = (json.dumps(event).encode() for event in answer(run_id))
    bad = [line.replace(b"%b", run_id.encode()) for line in BAD_LINES.values()]
    done = stack.run("publish", "-", stdin=b"\n".join([first, *bad, second, last, b""]))
    assert done.code == 1
    outcomes = [(row["seq"], row["outcome"]) for row in done.rows]
    assert outcomes == [(0, "ok"), *[(None, "failed")] * len(bad), (1, "ok"), (2, "ok")]
    assert all(row["error"] for row in done.rows[1:-2])
    assert wait_for_verdict(stack, run_id)["reconciliation"]["verdict"] == "reconciled"


def test_the_doctor_and_the_status_are_content(stack: RunningStack) -> None:
    doctor = stack.run("doctor")
    assert doctor.code == 0, doctor.out
    states = {row["check"]: row["state"] for row in doctor.rows}
    assert states["broker"] == states["runs.events"] == states["gateway"] == "ok"
    assert states["durability"] == "warn"
    status = stack.run("status")
    assert status.code == 0
    assert {p["role"] for p in status.rows[0]["processes"]} == {
        "supervisor", "kafka", "processor", "gateway",
    }  # fmt: skip
