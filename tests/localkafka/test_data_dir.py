"""Who owns a data directory, and what is told of one that can't be used."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from durable_streaming.localkafka import (
    AlreadyRunning,
    DataDirectoryFull,
    DataDirectoryUnusable,
    find_running,
)
from durable_streaming.localkafka import data_dir as data_dir_module
from durable_streaming.localkafka.config import Ports
from durable_streaming.localkafka.data_dir import DataDir


def test_only_one_owner_at_a_time(tmp_path: Path) -> None:
    with DataDir(tmp_path).owned():
        with pytest.raises(AlreadyRunning, match="is starting a broker") as caught:
            DataDir(tmp_path).owned().__enter__()
        assert caught.value.pid is None
        assert find_running(tmp_path) is None
    with DataDir(tmp_path).owned():
        pass


def test_the_process_that_inherits_owns_it_until_it_dies(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    with data.owned() as owner:
        data.write_config(Ports(1001, 1002), "", "")
        child = subprocess.Popen(["sleep", "60"], pass_fds=(owner,), start_new_session=True)
        data.write_pid(child.pid)
    try:
        with pytest.raises(AlreadyRunning, match=f"process {child.pid}") as caught:
            DataDir(tmp_path).owned().__enter__()
        assert (caught.value.pid, caught.value.bootstrap) == (child.pid, "127.0.0.1:1001")
        running = find_running(tmp_path)
        assert running is not None
        assert (running.pid, running.bootstrap) == (child.pid, "127.0.0.1:1001")
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert find_running(tmp_path) is None


def test_a_stale_pid_file_is_nobody(tmp_path: Path) -> None:
    """Its number may long be another process's: here, our own."""
    data = DataDir(tmp_path)
    with data.owned():
        data.write_config(Ports(1001, 1002), "", "")
        data.write_pid(os.getpid())
    assert find_running(tmp_path) is None
    with data.owned():
        assert data.read_pid() is None


@pytest.mark.parametrize("record", ["", "{}", "[]", '{"broker": "x", "controller": 1}', "\xff"])
def test_an_unreadable_record_of_ports_is_no_record(tmp_path: Path, record: str) -> None:
    (tmp_path / "ports.json").write_text(record, "latin-1")
    assert DataDir(tmp_path).read_ports() is None


def test_ports_are_remembered(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.write_config(Ports(1001, 1002), "", "")
    assert DataDir(tmp_path).read_ports() == Ports(1001, 1002)


def test_a_new_directory_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data"
    with DataDir(path).owned():
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(DataDirectoryUnusable, match="File exists"):
        DataDir(path).owned().__enter__()
    assert find_running(path) is None


def test_too_little_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = DataDir(tmp_path)
    data.require_space()
    monkeypatch.setattr(data_dir_module, "MINIMUM_FREE_BYTES", 1 << 62)
    with pytest.raises(DataDirectoryFull, match=str(tmp_path)):
        data.require_space()
