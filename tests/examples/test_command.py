"""The guide from a terminal, on the real broker."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from durable_streaming.eventlog import KafkaLog, KafkaSettings, Record
from durable_streaming.schemas import decode, partition_for
from examples.kafka_guide.index import Index

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def guide(
    settings: KafkaSettings, cache_dir: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DURABLE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "DURABLE_TOPIC_PREFIX": settings.topic_prefix,
        "DURABLE_GUIDE_CACHE_DIR": str(cache_dir),
    }
    return subprocess.run(
        [sys.executable, "-m", "examples.kafka_guide", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


async def test_a_question_is_answered_and_stored(
    kafka_settings: KafkaSettings, kafka_index: Index, tmp_path: Path
) -> None:
    log = KafkaLog(kafka_settings)
    log.admin().ensure_topics(kafka_settings.topics.specs(partitions=1))
    done = await asyncio.to_thread(
        guide, kafka_settings, tmp_path, "--pace", "500", "What does acks=all mean?"
    )
    assert done.returncode == 0, done.stderr
    assert "acks=all: This means the leader will wait" in done.stdout
    assert done.stdout.count("[pass]") == 3
    found = re.search(r"# run (\S+)", done.stdout)
    assert found is not None
    run_id = found[1].encode()
    assert partition_for(run_id, 1) == 0
    place = (kafka_settings.topics.events, 0)
    reader = log.reader({place: 0})
    records: list[Record] = []
    while not reader.at_end(place):
        records += reader.read(1.0)
    reader.close()
    events = [decode(record.value) for record in records if record.key == run_id and record.value]
    assert events[0]["type"] == "run.started"
    assert events[-1]["type"] == "run.completed"
    assert events[-1]["data"]["answer"]["text"] in done.stdout


@pytest.mark.parametrize("wrong", [("--pace", "0"), ("--concurrency", "0"), ("--pace", "fast")])
def test_wrong_arguments_are_named(
    kafka_settings: KafkaSettings, tmp_path: Path, wrong: tuple[str, str]
) -> None:
    done = guide(kafka_settings, tmp_path, *wrong, "What does acks=all mean?")
    assert done.returncode == 2
    assert wrong[0] in done.stderr
