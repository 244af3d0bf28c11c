"""A real Apache Kafka, started, stopped, killed and started again over the same data."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable_streaming.localkafka import (
    AlreadyRunning,
    BrokerFailed,
    LocalKafka,
    find_running,
)
from tests.localkafka import log_client

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory, hard to name; whatever still runs over it afterwards is ended."""
    path = tmp_path / "a, b = ü"
    yield path
    if running := find_running(path):
        running.stop()


def test_data_outlives_stop_kill_and_a_change_of_ports(data_dir: Path) -> None:
    kafka = LocalKafka(data_dir)
    kafka.start()
    try:
        first = kafka.bootstrap
        log_client.create_topic(first, "t")
        expected = log_client.append(first, "t", [b"%d" % n for n in range(1000)])
        assert len(expected) == 1000
        assert kafka.failure() is None

        with pytest.raises(AlreadyRunning) as caught:
            LocalKafka(data_dir).start()
        assert (caught.value.pid, caught.value.bootstrap) == (kafka.pid, first)

        kafka.stop()
        assert kafka.poll() == 143  # ended by itself after SIGTERM, not by force
        assert kafka.failure() is None
        assert find_running(data_dir) is None

        kafka.start()
        assert kafka.bootstrap == first
        assert log_client.read(first, "t") == expected

        # Killed with the last acknowledgement just in: nothing was flushed in an orderly way.
        expected += log_client.append(first, "t", [b"%d" % n for n in range(1000, 2000)])
        os.kill(kafka.pid, signal.SIGKILL)
        assert kafka.wait(10) == -signal.SIGKILL
        failure = kafka.failure()
        assert isinstance(failure, BrokerFailed)
        assert "was killed by SIGKILL" in failure.problem

        host, port = first.split(":")
        with socket.create_server((host, int(port))):
            kafka.start()
        assert kafka.bootstrap != first
        assert len(expected) == 2000
        assert log_client.read(kafka.bootstrap, "t") == expected

        os.kill(kafka.pid, signal.SIGSTOP)  # leaves SIGTERM pending: it does not listen
        kafka.stop(timeout_s=0.5)
        assert kafka.poll() == -signal.SIGKILL
    finally:
        kafka.stop()


def test_a_broker_that_ends_while_starting_is_explained(data_dir: Path) -> None:
    kafka = LocalKafka(data_dir, overrides={"log.cleaner.threads": "none"})
    with pytest.raises(BrokerFailed, match=r"log\.cleaner\.threads"):
        kafka.start()
    assert find_running(data_dir) is None


def test_foreground_run_outlived_by_its_broker_when_killed(data_dir: Path) -> None:
    """The broker has a session of its own; the next start finds it instead of a locked log."""
    command = [sys.executable, "-m", "durable_streaming.localkafka", "--data-dir", str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreground:
        assert foreground.stdout is not None
        ready = foreground.stdout.readline()
        foreground.kill()
    running = find_running(data_dir)
    assert running is not None
    assert ready == f"ready kafka={running.bootstrap} pid={running.pid}\n"

    running.stop()
    assert find_running(data_dir) is None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreground:
        assert foreground.stdout is not None
        assert foreground.stdout.readline().startswith(f"ready kafka={running.bootstrap} ")
        foreground.terminate()
        assert foreground.wait(60) == 0
    assert find_running(data_dir) is None
