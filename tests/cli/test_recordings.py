"""Real provider streams in, the same text, sources, tool calls and status out."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from durable_streaming.cli.client import GatewayClient
from durable_streaming.cli.commands.tail import stored_events
from durable_streaming.evaluation import RunRecord, read_runs
from durable_streaming.eventlog import KafkaLog, KafkaSettings
from tests.cli.stacks import RunningStack, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


def expected_verdict(expected: dict[str, Any]) -> str:
    if expected["status"] in ("failed", "cut") or expected["text_origin"] != "terminal-object":
        return "unclaimed"
    return "reconciled" if expected["delta_text_equals_final"] else "diverged"


def expected_status(expected: dict[str, Any]) -> str:
    return "completed" if expected["status"] == "completed" else "failed"


def check(run: dict[str, Any], entries: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    packet, verdict = run["packet"], run["reconciliation"]
    assert packet["status"] == expected_status(expected)
    assert packet["text"] == expected["text"]
    assert hashlib.sha256(packet["text"].encode()).hexdigest() == packet["text_sha256"]
    assert verdict["verdict"] == expected_verdict(expected)
    assert verdict["sequence"]["violations"] == []
    events = [entry["event"] for entry in entries]
    called = [e["data"] for e in events if e["type"] == "tool.called"]
    assert [c["name"] for c in called] == [c["name"] for c in expected["tool_calls"]]
    for found, wanted in zip(called, expected["tool_calls"], strict=True):
        assert wanted["id"] in (None, found["call_id"])
    sources = {
        e["data"].get("url") or e["data"]["source_id"]
        for e in events
        if e["type"] == "source.added"
    }
    assert sources == {s["url"] or s.get("id") for s in expected["sources"]}
    if packet["status"] == "failed":
        assert packet["error"]["type"]


def test_every_recording_comes_back_as_its_oracle_says(
    stack: RunningStack, recordings: Path
) -> None:
    manifest = {
        str(recordings / entry["file"]): entry["expected"]
        for entry in json.loads((recordings / "MANIFEST.json").read_text())
    }
    imported = stack.run("import", *manifest)
    assert imported.code == 0, imported.err
    assert [row["file"] for row in imported.rows] == list(manifest)
    run_ids = {row["file"]: row["run_id"] for row in imported.rows}

    with GatewayClient(stack.run_file.gateway_url) as gateway:

        def all_have_verdicts() -> bool:
            listed = {row["run_id"]: row for row in gateway.runs(limit=500)["runs"]}
            return all(listed.get(run_id, {}).get("verdict") for run_id in run_ids.values())

        eventually(all_have_verdicts, 60)
        settings = KafkaSettings(kafka_bootstrap=stack.run_file.kafka_bootstrap)
        from_log: dict[str, RunRecord] = {
            run.run_id: run for run in read_runs(KafkaLog(settings), settings.topics)
        }
        for file, expected in manifest.items():
            run_id = run_ids[file]
            # Through the gateway ...
            entries = list(stored_events(gateway, run_id, None, None))
            state = gateway.run(run_id)
            check(state, entries, expected)
            # ... and straight from the topic, folded anew: the very same.
            own = from_log[run_id]
            assert own.packet == state["packet"]
            assert own.reconciliation == state["reconciliation"]
            assert [json.loads(e.event.value) for e in own.entries] == [e["event"] for e in entries]
    assert stack.run("verify", *run_ids.values()).code == 0
