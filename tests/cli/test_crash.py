"""kill -9 of everything in the middle of runs: nothing acknowledged is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from typing import Any

import pytest

from tests.cli.stacks import RunningStack, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(420)]

RUNS = 6
DELTAS = 60


class Feeder:
    """A `durable publish` that runs through all of it, paced, and notes what it was told."""

    def __init__(self, stack: RunningStack) -> None:
        self.run_ids = [f"crash-{uuid.uuid4().hex[:12]}" for _ in range(RUNS)]
        self.outcomes: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "durable_streaming.cli", "publish", "-"),
                *("--data-dir", str(stack.data_dir)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read)
        self._writer = threading.Thread(target=self._write)
        self._reader.start()
        self._writer.start()
        self.half_way = threading.Event()
        self.go_on = threading.Event()

    def _write(self) -> None:
        assert self._process.stdin is not None
        with self._process.stdin as stdin:
            for number in range(DELTAS + 2):
                for run_id in self.run_ids:
                    stdin.write(json.dumps(self._event(run_id, number)).encode() + b"\n")
                stdin.flush()
                time.sleep(0.1)
                if number == DELTAS // 6:
                    self.half_way.set()
                if number == DELTAS:
                    self.go_on.wait()

    def _event(self, run_id: str, number: int) -> dict[str, Any]:
        text = "".join(f"word {n} " for n in range(DELTAS))
        if number == 0:
            return {"run_id": run_id, "type": "run.started", "data": {"agent": "crash"}}
        if number <= DELTAS:
            delta = {"text": f"word {number - 1} "}
            return {"run_id": run_id, "type": "text.delta", "data": delta}
        return {"run_id": run_id, "type": "run.completed", "data": {"answer": {"text": text}}}

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                self.outcomes.append(json.loads(line))

    def join(self) -> None:
        self.go_on.set()
        self._writer.join(120)
        self._reader.join(120)
        assert self._process.wait(10) in (0, 1)


def test_kill_9_of_each_process_in_the_middle_of_runs(stack: RunningStack) -> None:
    feeder = Feeder(stack)
    assert feeder.half_way.wait(60)
    follower = subprocess.Popen(
        [
            *(sys.executable, "-m", "durable_streaming.cli", "tail", feeder.run_ids[0]),
            *("--data-dir", str(stack.data_dir)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    for role in ("gateway", "processor", "kafka"):
        stack.kill(role)
        eventually(stack.is_serving, 90, step=0.5)
    feeder.join()
    acknowledged = {
        (o["run_id"], o["seq"]): o["offset"] for o in feeder.outcomes if o["outcome"] == "ok"
    }
    assert len(acknowledged) == RUNS * (DELTAS + 2)
    for run_id in feeder.run_ids:
        eventually(lambda run_id=run_id: verdict(stack, run_id), 60)  # type: ignore[misc]
        assert verdict(stack, run_id) == "reconciled"
        rows = stack.run("tail", run_id, "--no-follow").rows
        offsets = {(run_id, row["event"]["seq"]): row["offset"] for row in rows}
        for place, offset in acknowledged.items():
            if place[0] == run_id:
                assert offsets[place] == offset
    # Who followed the first run all the while saw each of its events once, in order.
    assert follower.stdout is not None
    with follower.stdout as stdout:
        seen = [json.loads(line)["offset"] for line in stdout]
    assert follower.wait(60) == 0
    assert seen == [
        row["offset"] for row in stack.run("tail", feeder.run_ids[0], "--no-follow").rows
    ]
    proof = stack.run("verify", "--all")
    assert proof.code == 0, proof.err + proof.out


def verdict(stack: RunningStack, run_id: str) -> str | None:
    done = stack.run("inspect", run_id)
    if done.code != 0:
        return None
    reconciliation = done.rows[0]["reconciliation"]
    return reconciliation["verdict"] if reconciliation else None


def test_up_brings_all_back_when_the_supervisor_was_killed(stack: RunningStack) -> None:
    before = stack.run("ls", "-n", "1000").rows
    old = stack.run_file
    (supervisor,) = stack.pids("supervisor")
    os.kill(supervisor, signal.SIGKILL)
    os.kill(stack.pids("gateway")[0], signal.SIGKILL)
    stack.up()
    assert not {p.pid for p in old.processes} & {p.pid for p in stack.run_file.processes}
    after = stack.run("ls", "-n", "1000").rows
    assert [(r["run_id"], r["verdict"]) for r in after] == [
        (r["run_id"], r["verdict"]) for r in before
    ]
    assert stack.run("verify", "--all").code == 0
