"""Importing the SDK is cheap and drags no server along."""

import subprocess
import sys

import pytest

_PROBE = """
import sys, time
began = time.process_time()
import durable_streaming.producers
print(time.process_time() - began)
print(",".join(sys.modules))
"""


@pytest.fixture(scope="module")
def probe() -> tuple[float, set[str]]:
    seconds: list[float] = []
    # The best of a few: other processes of a busy machine are not this package's cost.
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True
        )
        cost, names = done.stdout.split("\n")[:2]
        seconds.append(float(cost))
    return min(seconds), set(names.split(","))


def test_import_takes_less_than_300_ms_of_cpu(probe: tuple[float, set[str]]) -> None:
    assert probe[0] < 0.3


@pytest.mark.parametrize(
    "module", ["fastapi", "uvicorn", "faust", "rocksdict", "pydantic", "confluent_kafka", "httpx"]
)
def test_import_pulls_nothing_heavy(probe: tuple[float, set[str]], module: str) -> None:
    assert module not in probe[1]
