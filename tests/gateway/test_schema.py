"""The OpenAPI document against gateways on a real broker: schemathesis tries to tell them apart.

Its command line runs, because only that has all phases: coverage of each keyword of each schema,
valid and invalid, then generated data, then sequences of calls that use one another's answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings, LogAdmin
from tests.gateway.builders import Writer, event, started
from tests.gateway.servers import gateway, wait_until
from tests.gateway.test_auth import SETTINGS, bearer
from tests.page.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]

RUNS = [f"run-{number}" for number in range(4)]
EVENTS = "/v1/runs/{run_id}/events"

# What a document of OpenAPI can't say, and is refused although it is valid by the document.
CONFIG = f"""
[dictionaries]
runs = {{ values = {json.dumps(RUNS)} }}

[parameters]
"path.run_id" = {{ dictionary = "runs", probability = 0.7 }}

[generation]
deterministic = true
database = "none"

# A cursor is opaque.
[[operations]]
include-name = "GET /v1/runs"
checks.positive_data_acceptance.expected-statuses = [200, 400]

# Two positions contradict; one may be past the end.
[[operations]]
include-name = "GET {EVENTS}"
checks.positive_data_acceptance.expected-statuses = [200, 204, 400, 404, 409, 416]

# Members that are not known are ignored, but integers beyond 64 bits are no JSON of this protocol.
[[operations]]
include-name = "POST /v1/runs/{{run_id}}/cancel"
checks.positive_data_acceptance.expected-statuses = [202, 400, 404, 409]

[[operations]]
include-name = "POST /v1/tickets"
checks.positive_data_acceptance.expected-statuses = [201, 400]

# Nobody serves under the names that are made up.
[[operations]]
include-name = "POST /v1/requests"
checks.not_a_server_error.expected-statuses = [202, "4xx", 503]
checks.positive_data_acceptance.expected-statuses = [202, 400, 503]
"""


@pytest.fixture(scope="module")
def stack(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Processors and a gateway, three runs with their verdicts and one that goes on."""
    settings = KafkaSettings(kafka_bootstrap=kafka, topic_prefix=f"doc-{uuid.uuid4().hex[:8]}.")
    try:
        with running_stack(settings, tmp_path_factory.mktemp("stack")) as found:
            fill(settings)
            wait_until(lambda: listed(found, "verdict") == {"reconciled", "diverged", None}, 60)
            wait_until(lambda: listed(found, "agent") == {"guide"}, 60)
            yield found
    finally:
        admin = LogAdmin(settings)
        mine = [name for name in admin.topics() if name.startswith(settings.topic_prefix)]
        admin.delete_topics(mine)


def fill(settings: KafkaSettings) -> None:
    writer = Writer(KafkaLog(settings), settings.topics)
    for run_id in RUNS:
        values = [started(run_id), event(run_id, 1, text="An answer")]
        if run_id != RUNS[-1]:
            text = "Another" if run_id == RUNS[0] else "An answer"
            values.append(event(run_id, 2, "run.completed", answer={"text": text}))
        writer.append(run_id, *values)
    writer.close()


def listed(stack: Stack, field: str) -> set[str | None]:
    return {run[field] for run in httpx.get(f"{stack.url}/v1/runs").json()["runs"]}


def examine(folder: Path, url: str, *options: str, config_text: str = CONFIG) -> None:
    config = folder / "schemathesis.toml"
    config.write_text(config_text)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
            *(f"{url}/openapi.json", "--checks=all", "--max-examples=10", "--no-color", *options),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gateway_does_what_its_document_says(stack: Stack, tmp_path: Path) -> None:
    examine(tmp_path, stack.url)


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/event-stream"])
def test_events_in_another_dress(stack: Stack, tmp_path: Path, media_type: str) -> None:
    # A stream of the run that goes on would not end.
    config = CONFIG.replace(json.dumps(RUNS), json.dumps(RUNS[:-1]))
    options = (f"--header=Accept: {media_type}", f"--include-path={EVENTS}")
    examine(tmp_path, stack.url, *options, config_text=config)


def test_with_authentication(stack: Stack, tmp_path: Path) -> None:
    log = KafkaLog(stack.settings)
    with gateway(tmp_path / "jwt", log, kafka=stack.settings, **SETTINGS) as running:
        header = bearer(runs=["*"])["Authorization"]
        url = f"http://127.0.0.1:{running.port}"
        examine(tmp_path, url, f"--header=Authorization: {header}")
