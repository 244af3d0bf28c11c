"""The README's first ten minutes, as it says them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.stacks import RunningStack, eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [text for found, text in fenced if found == language]


def shell(stack: RunningStack, script: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DURABLE_DATA_DIR": str(stack.data_dir),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return subprocess.run(
        ["bash", "-ec", script], env=environment, capture_output=True, text=True, check=False
    )


def verdict(stack: RunningStack, run_id: str) -> object:
    done = stack.run("inspect", run_id)
    return done.code == 0 and (done.rows[0]["reconciliation"] or {}).get("verdict")


def test_the_python_example_gives_a_reconciled_run(stack: RunningStack) -> None:
    (code,) = blocks("python")
    environment = {**os.environ, "DURABLE_KAFKA_BOOTSTRAP": stack.run_file.kafka_bootstrap}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    eventually(lambda: verdict(stack, done.stdout.strip()) == "reconciled")


def test_the_shell_examples_work(stack: RunningStack, tmp_path: Path) -> None:
    (publish,) = [b for b in blocks("") if "durable publish -" in b]
    done = shell(stack, publish)
    assert done.returncode == 0, done.stderr
    eventually(lambda: verdict(stack, "hello") == "reconciled")
    (commands,) = [b for b in blocks("") if "durable verify --all" in b]
    for line in commands.splitlines():
        if line.startswith("durable down"):
            continue
        done = shell(stack, f"cd {tmp_path}; {line}")
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout, line
