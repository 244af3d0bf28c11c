"""Starting and stopping, and what is said when it can't be done."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from durable_streaming.cli.stack import RunFile
from durable_streaming.cli.supervisor.ports import free_port
from tests.cli.stacks import RunningStack, durable


def test_nothing_runs_is_exit_5(tmp_path: Path) -> None:
    for command in ("ls", "status", "down", "doctor"):
        done = durable(command, "--data-dir", tmp_path)
        assert done.code == 5
        assert "durable up" in done.err or "nothing runs" in done.err
        assert done.out == ""


def test_a_broker_that_is_not_there_is_exit_5() -> None:
    env = {"DURABLE_KAFKA_BOOTSTRAP": "127.0.0.1:1", "DURABLE_GATEWAY_URL": "http://127.0.0.1:1"}
    for command in (("ls",), ("verify", "--all"), ("topics",)):
        done = durable(*command, env=env)
        assert done.code == 5, done.err


def test_usage_is_exit_2(tmp_path: Path) -> None:
    for command in (
        ("up", "--port", "0"),
        ("up", "--workers", "-1"),
        ("tail",),
        ("nonsense",),
        ("verify",),
        ("import", "--pace", "-1", "x.jsonl"),
    ):
        assert durable(*command, env={"DURABLE_KAFKA_BOOTSTRAP": "127.0.0.1:1"}).code == 2, command


def test_wrong_settings_are_named_without_what_was_given() -> None:
    for command, name in (("gateway", "DURABLE_PORT"), ("processor", "DURABLE_IDLE_TIMEOUT")):
        done = durable(command, env={name: "canary"})
        assert done.code == 2
        assert name in done.err
        assert "canary" not in done.err


@pytest.mark.kafka
def test_a_port_in_use_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = durable("up", "--data-dir", tmp_path, "--port", str(port))
    assert done.code == 1
    assert f"port {port}" in done.err
    assert "--port" in done.err
    assert RunFile.read(tmp_path) is None


@pytest.mark.kafka
def test_a_directory_that_cant_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = durable("up", "--data-dir", tmp_path / "file" / "below")
    assert done.code == 1
    assert "can't make" in done.err


@pytest.mark.kafka
@pytest.mark.timeout(180)
def test_one_stack_a_directory(stack: RunningStack) -> None:
    done = stack.run("up", "--port", str(free_port()))
    assert done.code == 1
    assert "runs already" in done.err
    assert stack.is_serving()


@pytest.mark.kafka
@pytest.mark.timeout(180)
def test_in_the_foreground_it_says_ready_and_stops_in_order(tmp_path: Path, kafka: str) -> None:
    import os
    import signal
    import uuid

    environment = {
        **os.environ,
        "DURABLE_KAFKA_BOOTSTRAP": kafka,
        "DURABLE_TOPIC_PREFIX": f"test-{uuid.uuid4().hex[:8]}.",
    }
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "durable_streaming.cli", "up"),
            *("--data-dir", str(tmp_path), "--port", str(port), "--gateways", "2"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None
    with process.stdout as stdout:
        try:
            line = stdout.readline().decode().strip()
            assert line == f"ready gateway=http://127.0.0.1:{port} kafka={kafka}"
            run = RunFile.read(tmp_path)
            assert run is not None
            assert run.gateway_urls == [f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"]
            assert [p.role for p in run.processes] == [
                "supervisor", "processor", "gateway", "gateway",
            ]  # fmt: skip
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert time.monotonic() - began < 40
        finally:
            process.kill()
            process.wait()
    assert RunFile.read(tmp_path) is None
