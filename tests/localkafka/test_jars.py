"""The lock file: complete and consistent, and made from what Maven would choose."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest

from durable_streaming.localkafka import lock as lock_command
from durable_streaming.localkafka.jars import LOCK_NAME, load_lock, parse_lock, render_lock
from tests.localkafka import maven


def test_lock_file_is_what_its_command_writes() -> None:
    text = files("durable_streaming.localkafka").joinpath(LOCK_NAME).read_text("utf-8")
    assert render_lock(parse_lock(text)) == text


def test_lock_file_belongs_to_the_versions_in_the_code() -> None:
    lock = load_lock()
    assert lock.kafka_version == lock_command.KAFKA_VERSION == "4.4.0"
    assert lock.roots == lock_command.ROOTS
    coordinates = [jar.coordinate for jar in lock.jars]
    assert set(lock.roots) < set(coordinates)
    assert coordinates == sorted(set(coordinates))


def test_every_jar_is_pinned_to_the_byte() -> None:
    lock = load_lock()
    for jar in lock.jars:
        assert re.fullmatch(r"[0-9a-f]{64}", jar.sha256), jar
        assert jar.size > 0, jar
    assert len({jar.filename for jar in lock.jars}) == len(lock.jars)
    assert len({jar.sha256 for jar in lock.jars}) == len(lock.jars)
    # One artifact in two versions would leave the choice to the class path.
    assert len({(jar.group, jar.name) for jar in lock.jars}) == len(lock.jars)


def test_kafka_is_of_one_version_and_whole() -> None:
    lock = load_lock()
    kafka = {jar.name: jar.version for jar in lock.jars if jar.group == "org.apache.kafka"}
    assert set(kafka.values()) == {lock.kafka_version}
    assert kafka.keys() >= {"kafka_2.13", "kafka-clients", "kafka-server", "kafka-storage"}


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[maven.MavenServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with maven.serve() as server:
        yield server


def publish(server: maven.MavenServer, artifact: str, version: str, body: str = "") -> None:
    path = f"org/example/{artifact}/{version}/{artifact}-{version}"
    server.files[f"{path}.pom"] = (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>org.example</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version>{body}</project>"
    ).encode()
    server.files[f"{path}.jar"] = f"{artifact} {version}".encode()


def dependency(artifact: str, version: str, scope: str = "compile") -> str:
    return (
        f"<dependency><groupId>org.example</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version><scope>{scope}</scope></dependency>"
    )


def test_resolves_as_maven_does(repository: maven.MavenServer) -> None:
    """A logging binding must not decide which version of a client the broker gets."""
    needs = dependency("client", "2.0") + dependency("check", "1.0", "test")
    publish(repository, "server", "2.0", f"<dependencies>{needs}</dependencies>")
    rules = dependency("client", "1.0")
    publish(
        repository,
        "binding",
        "1.0",
        f"<dependencyManagement><dependencies>{rules}</dependencies></dependencyManagement>",
    )
    publish(repository, "client", "1.0")
    publish(repository, "client", "2.0")
    roots = ("org.example:server:2.0", "org.example:binding:1.0")

    lock = lock_command.resolve(repository.url, roots)

    assert lock.roots == roots
    assert [jar.coordinate for jar in lock.jars] == [
        "org.example:binding:1.0",
        "org.example:client:2.0",
        "org.example:server:2.0",
    ]
    assert lock.jars[1].size == len("client 2.0")
