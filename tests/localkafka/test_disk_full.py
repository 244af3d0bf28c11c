"""A full disk under the data directory, for real: a small tmpfs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable_streaming.localkafka import DataDirectoryFull, LocalKafka
from tests.localkafka import log_client

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a tmpfs"),
]

RECORD_BYTES = 200_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("root may not mount here (a container without CAP_SYS_ADMIN)")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path) -> None:
    kafka = LocalKafka(small_disk / "data")
    kafka.start()
    try:
        log_client.create_topic(kafka.bootstrap, "t")
        values = [os.urandom(RECORD_BYTES) for _ in range(300)]
        acknowledged = log_client.append(kafka.bootstrap, "t", values, timeout_ms=5000)
        assert 0 < len(acknowledged) < len(values)

        assert kafka.wait(30) == 1
        assert isinstance(kafka.failure(), DataDirectoryFull)

        with pytest.raises(DataDirectoryFull, match=r"0\.0 MiB are free") as caught:
            kafka.start()
        assert "free space" in caught.value.remedy

        subprocess.run(["mount", "-o", "remount,size=128m", small_disk], check=True)
        kafka.start()
        stored = log_client.read(kafka.bootstrap, "t")
        # More may be stored than was acknowledged, never less, and in the order of sending.
        known, kept = set(acknowledged), set(stored)
        assert [value for value in stored if value in known] == acknowledged
        assert stored == [value for value in values if value in kept]
    finally:
        kafka.stop()
