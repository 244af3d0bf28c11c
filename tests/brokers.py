"""One Apache Kafka for the tests: the one named in the environment, Docker's, or our own.

Kept out of conftest.py so that test modules may import it.
"""

import io
import os
import shutil
import socket
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

IMAGE = os.environ.get("DURABLE_TEST_KAFKA_IMAGE", "apache/kafka:4.4.0")

_START = "/etc/testcontainers_start.sh"
_ENVIRONMENT = {
    "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,BROKER://:9093,CONTROLLER://:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": (
        "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
    ),
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_HEAP_OPTS": "-Xms64m -Xmx256m",
}


@contextmanager
def kafka() -> Iterator[str]:
    """Give the bootstrap address of a real broker, for as long as the context is open."""
    named = os.environ.get("DURABLE_KAFKA_BOOTSTRAP")
    if named:
        yield named
    elif docker_can_run(IMAGE):
        with _in_docker() as bootstrap:
            yield bootstrap
    else:
        with _on_this_machine() as bootstrap:
            yield bootstrap


def docker_can_run(image: str) -> bool:
    """Say whether a Docker engine answers and has, or can pull, the image."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not _is_there(host):
        return False
    import docker

    try:
        client = docker.DockerClient(base_url=host, version="auto", timeout=5)
    except docker.errors.DockerException:
        return False
    with closing(client):
        try:
            client.images.get(image)
            return True
        except docker.errors.ImageNotFound:
            with suppress(docker.errors.DockerException):
                client.images.pull(image)
                return True
            return False


def _is_there(host: str) -> bool:
    # The library leaves its socket open where nobody listens, which is a warning and so an error.
    if not host.startswith("unix://"):
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(host.removeprefix("unix://")) == 0


@contextmanager
def _in_docker() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    # testcontainers' own Kafka class knows another vendor's image only.
    container = DockerContainer(IMAGE)
    # The library types host ports only; Docker takes an address as well.
    container.ports["9092/tcp"] = ("127.0.0.1", None)  # type: ignore[assignment]
    for name, value in _ENVIRONMENT.items():
        container.with_env(name, value)
    # The broker must advertise the port that Docker maps, which is known only once it runs.
    container.with_command(f'sh -c "while [ ! -f {_START} ]; do sleep 0.1; done; {_START}"')
    with container:
        port = container.get_exposed_port(9092)
        script = (
            "#!/bin/bash\n"
            f"export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:{port},BROKER://localhost:9093\n"
            "exec /etc/kafka/docker/run\n"
        ).encode()
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(_START.lstrip("/"))
            entry.size, entry.mode = len(script), 0o755
            tar.addfile(entry, io.BytesIO(script))
        container.get_wrapped_container().put_archive("/", archive.getvalue())
        wait = LogMessageWaitStrategy(r".*Kafka Server started.*").with_startup_timeout(90)
        wait.wait_until_ready(container)
        yield f"127.0.0.1:{port}"


@contextmanager
def _on_this_machine() -> Iterator[str]:
    from durable_streaming.localkafka import LocalKafka

    folder = tempfile.mkdtemp(prefix="durable-test-kafka-")
    broker = LocalKafka(Path(folder))
    try:
        broker.start()
        yield broker.bootstrap
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
