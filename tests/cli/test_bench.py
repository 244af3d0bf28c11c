"""`durable bench publish`: real runs, figures, and an early end that leaves nothing open."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.schemas import decode
from tests.cli.stacks import RunningStack, durable, eventually
from tests.producers.proxy import KafkaProxy

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


def runs_of(stack: RunningStack, label: str) -> list[dict[str, Any]]:
    """Give the runs of one load once all have their verdict."""

    def verdicts() -> list[dict[str, Any]] | None:
        listed = stack.run("ls", "--agent", "bench", "--limit", "500").rows
        found = []
        for run in listed:
            packet = stack.run("inspect", run["run_id"]).rows[0]["packet"]
            if packet is None:
                return None
            found += [run] if packet["tags"] == {"bench": label} else []
        return found if all(run["verdict"] for run in found) else None

    found: list[dict[str, Any]] = eventually(verdicts, 120, step=1)
    return found


def test_a_load_is_whole_runs_that_reconcile(stack: RunningStack) -> None:
    done = stack.run("bench", "publish", "--runs", "3", "--rate", "100", "--seconds", "2")
    assert done.code == 0, done.err
    (figures,) = done.rows
    runs = runs_of(stack, figures["label"])
    assert len(runs) == figures["completed"] >= 3
    assert {(run["status"], run["verdict"]) for run in runs} == {("completed", "reconciled")}
    assert sum(run["events"] for run in runs) == figures["events"]
    assert figures["tokens"] > 0


def test_ctrl_c_ends_every_run_and_prints_the_figures(stack: RunningStack) -> None:
    began = time.monotonic()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "durable_streaming.cli", "bench", "publish"),
            *("--runs", "2", "--rate", "20", "--seconds", "3600"),
            *("--data-dir", str(stack.data_dir)),
        ],
        env={n: v for n, v in os.environ.items() if not n.startswith("DURABLE_")},
        stdout=subprocess.PIPE,
    )
    try:
        eventually(
            lambda: any(
                run["status"] == "running" for run in stack.run("ls", "--agent", "bench").rows
            ),
            60,
        )
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    figures = decode(out)
    assert figures["seconds"] <= time.monotonic() - began
    runs = runs_of(stack, figures["label"])
    assert len(runs) == figures["completed"] >= 2
    assert {run["verdict"] for run in runs} == {"reconciled"}


def test_a_broker_that_is_not_there_is_said_at_once() -> None:
    done = durable(
        *("bench", "publish", "--seconds", "1"),
        env={"DURABLE_KAFKA_BOOTSTRAP": "127.0.0.1:9"},
    )
    assert done.code == 5
    assert "broker" in done.err


def test_a_second_ctrl_c_leaves_a_broker_that_does_not_answer(
    kafka_settings: KafkaSettings,
) -> None:
    KafkaLog(kafka_settings).admin().ensure_topics(kafka_settings.topics.specs(partitions=1))
    with KafkaProxy(kafka_settings.kafka_bootstrap) as proxy:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "durable_streaming.cli", "bench", "publish"),
                *("--runs", "2", "--seconds", "3600"),
            ],
            env=os.environ
            | {
                "DURABLE_KAFKA_BOOTSTRAP": proxy.bootstrap,
                "DURABLE_TOPIC_PREFIX": kafka_settings.topic_prefix,
            },
        )
        try:
            eventually(lambda: _events(kafka_settings) > 10, 60)
            proxy.go_away()
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()


def _events(settings: KafkaSettings) -> int:
    marks = KafkaLog(settings).admin().watermarks(settings.topics.events)
    return sum(high for _, high in marks.values())
