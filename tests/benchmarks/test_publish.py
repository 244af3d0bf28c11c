"""The publish benchmark measures what it says, and says where a promise is not kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.publish import cost, first_delta
from benchmarks.publish.promise import Promise


def test_a_promise_that_is_not_kept_is_said() -> None:
    assert Promise("cost", 2.0, 2.0).is_kept
    broken = Promise("cost", 2.1, 2.0)
    assert not broken.is_kept
    assert str(broken).endswith("MISSED")


def test_ratios_are_of_the_same_round() -> None:
    def figures(cpu_us: float) -> dict[str, float]:
        return {"count": 1_000_000, "cpu_seconds": cpu_us}

    base = [figures(10), figures(20), figures(40)]
    rounds = dict.fromkeys(cost.CONTENDERS, base) | {
        "SDK, merging, a token": [figures(1), figures(5), figures(4)]
    }
    ratios = {promise.name: promise.figure for promise in cost.promises(rounds)}
    assert ratios.pop("SDK, merging, a token: of the base loop's CPU") == 0.1
    assert set(ratios.values()) == {1.0}


def test_delays_are_compared_with_those_of_the_bare_pair() -> None:
    delays = first_delta.Delays([20.0] * 99 + [90.0] * 2, [10.0] * 200, 0, 1_000.0)
    p50, p99 = first_delta.promises(delays)
    assert p50.is_kept
    assert p99.figure == 9.0
    assert not p99.is_kept


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_whole_benchmark_in_short(kafka: str, tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.publish", "--json", str(report)),
            *("--rounds", "1", "--count", "2000", "--fleet-seconds", "1"),
            *("--warm-up-seconds", "3", "--delay-seconds", "3"),
        ],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"DURABLE_KAFKA_BOOTSTRAP": kafka},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    # What so short a run costs says nothing, so either verdict will do.
    assert done.returncode in (0, 1), done.stderr
    assert report.exists(), done.stderr
    figures = json.loads(report.read_text())
    assert [row["contender"] for row in figures["cost"]] == list(cost.CONTENDERS)
    assert all(row["count"] == 2_000 and row["cpu_seconds"] > 0 for row in figures["cost"])
    assert figures["fleet"]["completed"] >= 500
    assert figures["first_delta"]["viewer"]["samples"] > 20
    assert figures["first_delta"]["raw"]["samples"] > 1_000
    kept = all(promise["is_kept"] for promise in figures["promises"])
    assert done.returncode == (0 if kept else 1)
    assert len(figures["promises"]) == 6
    for promise in figures["promises"]:
        assert promise["name"] in done.stdout
