"""What can go wrong with a Kafka of one's own, as one tree.

LocalKafkaError
├── JavaMissing
├── JarsUnavailable
│   ├── RepositoryUnreachable
│   ├── JarCorrupt
│   └── CacheUnusable
├── AlreadyRunning
├── PortInUse
├── DataDirectoryFull
├── DataDirectoryUnusable
└── BrokerFailed
"""


class LocalKafkaError(Exception):
    """Root of this package's errors: ``except LocalKafkaError`` is always enough.

    Attributes:
        problem: What happened, in one sentence or with a quoted log.
        remedy: What the person at the keyboard can do about it.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem}\nRemedy: {remedy}")
        self.problem = problem
        self.remedy = remedy


class JavaMissing(LocalKafkaError):
    """No Java new enough for the broker was found."""


class JarsUnavailable(LocalKafkaError):
    """The broker's jars could not be put in place."""


class RepositoryUnreachable(JarsUnavailable):
    """The Maven repository did not deliver a jar: no network, wrong address or no such file."""


class JarCorrupt(JarsUnavailable):
    """The repository delivered a file that is not the one of the lock file, and did so again."""


class CacheUnusable(JarsUnavailable):
    """The cache directory can't be written: permissions, a full disk, a file in its place."""


class AlreadyRunning(LocalKafkaError):
    """A broker, or the start of one, already owns the data directory.

    Attributes:
        pid: The owner's process id; None while it is still starting.
        bootstrap: The owner's ``host:port``; None while it is still starting.
    """

    def __init__(
        self, problem: str, *, remedy: str, pid: int | None, bootstrap: str | None
    ) -> None:
        super().__init__(problem, remedy=remedy)
        self.pid = pid
        self.bootstrap = bootstrap


class PortInUse(LocalKafkaError):
    """A port that was asked for can't be bound.

    Attributes:
        port: That port.
    """

    def __init__(self, problem: str, *, remedy: str, port: int) -> None:
        super().__init__(problem, remedy=remedy)
        self.port = port


class DataDirectoryFull(LocalKafkaError):
    """The disk under the data directory has no room for the log."""


class DataDirectoryUnusable(LocalKafkaError):
    """The data directory can't be created, written or understood."""


class BrokerFailed(LocalKafkaError):
    """The broker ended, or did not serve in time, for a reason that has no error of its own.

    The problem quotes the end of its log.
    """
