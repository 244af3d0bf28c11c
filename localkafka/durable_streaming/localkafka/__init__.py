"""A real Apache Kafka on this machine in one call: find Java, fetch the jars once, start, stop.

Example:
    >>> from durable_streaming.localkafka import ConsoleProgress, LocalKafka
    >>> kafka = LocalKafka(Path("data"))
    >>> kafka.start(progress=ConsoleProgress())
    >>> kafka.bootstrap
    '127.0.0.1:40123'
    >>> kafka.stop()
"""

from .broker import LocalKafka
from .errors import (
    AlreadyRunning,
    BrokerFailed,
    CacheUnusable,
    DataDirectoryFull,
    DataDirectoryUnusable,
    JarCorrupt,
    JarsUnavailable,
    JavaMissing,
    LocalKafkaError,
    PortInUse,
    RepositoryUnreachable,
)
from .fetch import classpath, ensure_jars
from .java import Java, find_java
from .progress import ConsoleProgress, Progress, SilentProgress
from .running import RunningBroker, find_running

__all__ = [
    "AlreadyRunning",
    "BrokerFailed",
    "CacheUnusable",
    "ConsoleProgress",
    "DataDirectoryFull",
    "DataDirectoryUnusable",
    "JarCorrupt",
    "JarsUnavailable",
    "Java",
    "JavaMissing",
    "LocalKafka",
    "LocalKafkaError",
    "PortInUse",
    "Progress",
    "RepositoryUnreachable",
    "RunningBroker",
    "SilentProgress",
    "classpath",
    "ensure_jars",
    "find_java",
    "find_running",
]
