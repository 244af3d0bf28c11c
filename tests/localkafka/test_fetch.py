"""The jars get here once, whole, and only if they are the locked ones."""

import gc
import io
import shutil
import socket
import traceback
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from durable_streaming.localkafka import (
    CacheUnusable,
    ConsoleProgress,
    JarCorrupt,
    RepositoryUnreachable,
    classpath,
    ensure_jars,
)
from durable_streaming.localkafka import repository as repository_module
from tests.localkafka import maven

LOCK, CONTENTS = maven.small_jars()
JAR = LOCK.jars[2]


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[maven.MavenServer]:
    # A proxy in the environment would be asked for 127.0.0.1 as well.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with maven.serve() as server:
        server.files = {maven.path_of(jar): content for jar, content in CONTENTS.items()}
        yield server


@pytest.fixture(autouse=True)
def unclosed_responses_end_here() -> Iterator[None]:
    """jgo closes no response that it does not like; the collector's warning is not ours."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(autouse=True)
def no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_module, "_RETRY_PAUSE_S", 0.0)


def entries(cache: Path) -> set[str]:
    return {path.name for path in (cache / "kafka-1.0").iterdir()} - {"fetch.lock"}


def test_fetches_all_in_class_path_order_and_only_once(
    repository: maven.MavenServer, tmp_path: Path
) -> None:
    jars = ensure_jars(tmp_path, repository=repository.url, lock=LOCK)

    assert [jar.name for jar in jars] == [jar.filename for jar in LOCK.jars]
    assert [jar.read_bytes() for jar in jars] == list(CONTENTS.values())
    assert entries(tmp_path) == {jar.filename for jar in LOCK.jars}
    assert len(repository.requests) == len(LOCK.jars)
    assert classpath(jars).split(":") == [str(jar) for jar in jars]

    assert ensure_jars(tmp_path, repository=repository.url, lock=LOCK) == jars
    assert len(repository.requests) == len(LOCK.jars)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-1] + b"!", "has SHA-256"),
        (lambda content: content[:-1], "bytes instead of"),
        (lambda content: content + b"!", "bytes instead of"),
        (lambda content: b"", "has 0 bytes"),
    ],
    ids=["tampered", "truncated", "longer", "empty"],
)
def test_refuses_a_bad_file_and_fetches_it_again(
    repository: maven.MavenServer, tmp_path: Path, damage: object, said: str
) -> None:
    assert callable(damage)
    jars = ensure_jars(tmp_path, repository=repository.url, lock=LOCK)
    repository.requests.clear()
    jars[2].write_bytes(damage(CONTENTS[JAR]))
    shown = io.StringIO()

    ensure_jars(tmp_path, repository=repository.url, lock=LOCK, progress=ConsoleProgress(shown))

    assert jars[2].read_bytes() == CONTENTS[JAR]
    assert repository.requests == [maven.path_of(JAR)]
    refusal = next(line for line in shown.getvalue().splitlines() if "refused" in line)
    assert str(jars[2]) in refusal
    assert said in refusal


def test_a_file_damaged_on_its_way_is_delivered_again(
    repository: maven.MavenServer, tmp_path: Path
) -> None:
    repository.first = {maven.path_of(JAR): b"a login page"}

    jars = ensure_jars(tmp_path, repository=repository.url, lock=LOCK)

    assert jars[2].read_bytes() == CONTENTS[JAR]
    assert repository.requests.count(maven.path_of(JAR)) == 2


def test_a_file_that_is_wrong_again_is_never_kept(
    repository: maven.MavenServer, tmp_path: Path
) -> None:
    repository.files[maven.path_of(JAR)] = b"x" * JAR.size

    with pytest.raises(JarCorrupt, match="has SHA-256") as caught:
        ensure_jars(tmp_path, repository=repository.url, lock=LOCK)

    assert JAR.coordinate in caught.value.problem
    assert "DURABLE_MAVEN_REPOSITORY" in caught.value.remedy
    assert entries(tmp_path) <= {jar.filename for jar in LOCK.jars} - {JAR.filename}


def test_a_broken_connection_is_tried_again_and_then_told(
    repository: maven.MavenServer, tmp_path: Path
) -> None:
    repository.cut.add(maven.path_of(JAR))

    with pytest.raises(RepositoryUnreachable) as caught:
        ensure_jars(tmp_path, repository=repository.url, lock=LOCK)

    assert JAR.coordinate in caught.value.problem
    assert repository.requests.count(maven.path_of(JAR)) == 3
    assert JAR.filename not in entries(tmp_path)


def test_a_repository_without_the_file(repository: maven.MavenServer, tmp_path: Path) -> None:
    del repository.files[maven.path_of(JAR)]

    with pytest.raises(RepositoryUnreachable, match="the file is not there"):
        ensure_jars(tmp_path, repository=repository.url, lock=LOCK)


def test_no_network_is_told_with_remedies_and_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: refuses connections
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        url = f"http://someone:hidden@{address}/maven2"
        with pytest.raises(RepositoryUnreachable, match="Connection refused") as caught:
            ensure_jars(tmp_path, repository=url, lock=LOCK)

    assert f"http://{address}/maven2" in caught.value.problem
    assert "DURABLE_MAVEN_REPOSITORY" in caught.value.remedy
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


def test_the_password_of_a_repository_stays_out_of_tracebacks(
    repository: maven.MavenServer, tmp_path: Path
) -> None:
    repository.files.clear()
    url = repository.url.replace("//", "//someone:hidden@")
    with pytest.raises(RepositoryUnreachable) as caught:
        ensure_jars(tmp_path, repository=url, lock=LOCK)
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


def test_environment_names_repository_and_cache(
    repository: maven.MavenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURABLE_MAVEN_REPOSITORY", repository.url + "/")
    monkeypatch.setenv("DURABLE_CACHE_DIR", str(tmp_path / "chosen"))

    jars = ensure_jars(lock=LOCK)

    assert jars[0] == tmp_path / "chosen" / "kafka-1.0" / LOCK.jars[0].filename


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_folder_may_be_the_repository(tmp_path: Path, prefix: str) -> None:
    folder = tmp_path / "mirror"
    maven.write_repository(folder, CONTENTS)

    jars = ensure_jars(tmp_path / "cache", repository=f"{prefix}{folder}", lock=LOCK)

    assert [jar.read_bytes() for jar in jars] == list(CONTENTS.values())
    # Copied, not moved: the mirror serves others.
    assert (folder / maven.path_of(JAR)).read_bytes() == CONTENTS[JAR]


def test_a_folder_without_the_file(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnreachable, match="the file is not there"):
        ensure_jars(tmp_path / "cache", repository=str(tmp_path), lock=LOCK)


def test_many_at_once_fetch_once(repository: maven.MavenServer, tmp_path: Path) -> None:
    def fetch(_: int) -> list[Path]:
        return ensure_jars(tmp_path, repository=repository.url, lock=LOCK)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(fetch, range(6)))

    assert all(answer == answers[0] for answer in answers)
    assert sorted(repository.requests) == sorted(map(maven.path_of, LOCK.jars))


def test_what_a_killed_fetch_left_is_removed(repository: maven.MavenServer, tmp_path: Path) -> None:
    leftover = tmp_path / "kafka-1.0" / "fetch-abc"
    leftover.mkdir(parents=True)
    (leftover / "half.jar").write_bytes(b"half")

    ensure_jars(tmp_path, repository=repository.url, lock=LOCK)

    assert entries(tmp_path) == {jar.filename for jar in LOCK.jars}


def test_a_complete_cache_is_not_written(repository: maven.MavenServer, tmp_path: Path) -> None:
    """So it may be read-only, as in a container image."""
    jars = ensure_jars(tmp_path / "a", repository=repository.url, lock=LOCK)
    copy = tmp_path / "b" / "kafka-1.0"
    copy.mkdir(parents=True)
    for jar in jars:
        shutil.copy(jar, copy)

    ensure_jars(tmp_path / "b", repository="http://127.0.0.1:1", lock=LOCK)

    assert {path.name for path in copy.iterdir()} == {jar.name for jar in jars}


def test_an_unusable_cache_is_told(repository: maven.MavenServer, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    with pytest.raises(CacheUnusable, match="Not a directory") as caught:
        ensure_jars(in_the_way, repository=repository.url, lock=LOCK)
    assert "DURABLE_CACHE_DIR" in caught.value.remedy
