"""The broker's configuration files, rendered."""

from collections.abc import Mapping
from typing import NamedTuple

_MIB = 1024 * 1024

HOST = "127.0.0.1"
"""The broker has no authentication, so it listens on loopback and nowhere else."""

READY_MARK = "Kafka Server started"
"""What `kafka.server.KafkaRaftServer` logs when the broker serves; see `LOGGING`."""

SERVER_PROPERTIES = "server.properties"
LOGGING_PROPERTIES = "log4j2.properties"

LOG_DIR = "log"
"""Where the broker keeps its partitions, seen from the data directory, in which it runs.

Relative, because Kafka splits this property at commas, and a user's path may have one.
"""


class Ports(NamedTuple):
    """The two ports of a broker that is its own controller."""

    broker: int
    controller: int


def server_properties(ports: Ports, overrides: Mapping[str, str] | None = None) -> str:
    """Render ``server.properties`` for one node that is broker and controller.

    Args:
        ports: Ports on loopback.
        overrides: Broker properties that replace or add to the ones set here.
    """
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{ports.controller}",
        "listeners": f"PLAINTEXT://{HOST}:{ports.broker},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{ports.broker}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": LOG_DIR,
        **_SINGLE_NODE,
        **_SMALL_MACHINE,
        **_FAST_RESTART,
        **(overrides or {}),
    }
    return "".join(f"{key}={value}\n" for key, value in properties.items())


_SINGLE_NODE = {
    # Internal topics default to three replicas and dozens of partitions, sized for clusters.
    **{
        f"{prefix}.{name}": "1"
        for prefix, names in {
            "offsets.topic": ("replication.factor", "num.partitions"),
            "transaction.state.log": ("replication.factor", "min.isr", "num.partitions"),
            "share.coordinator.state.topic": ("replication.factor", "min.isr", "num.partitions"),
        }.items()
        for name in names
    },
    "group.initial.rebalance.delay.ms": "0",
    # A misspelt topic name should be an error, not a new topic with one partition.
    "auto.create.topics.enable": "false",
}

_SMALL_MACHINE = {
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(16 * _MIB),
    "log.segment.bytes": str(64 * _MIB),
    # Two index files a partition are mapped at their full size, 10 MiB each by default.
    "log.index.size.max.bytes": str(_MIB),
}

_FAST_RESTART = {
    # After kill -9 the controller keeps the dead broker's session, and so the restarted one waits
    # this long before it is let in: 9 s by default. Controlled shutdown stays on: without it every
    # restart waits, also after a clean stop.
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "250",
}

# In the properties dialect: the YAML one needs a jar that the broker does not bring.
LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""
