"""A Maven repository, reached through jgo, its faults translated."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .errors import RepositoryUnreachable
from .jars import Jar
from .progress import Advance

REPOSITORY_VARIABLE = "DURABLE_MAVEN_REPOSITORY"

_TIMEOUT_S = 15
"""Without a byte for this long a download is given up."""

_RETRY_PAUSE_S = 0.5
_ATTEMPTS = 3
"""One lost connection among 45 files should not fail a first start."""


class Repository:
    """Delivers jars; makes no promise about their content."""

    def __init__(self, address: str | None = None) -> None:
        """Address a repository.

        Args:
            address: ``http(s)://`` URL, or ``file://`` URL or path of a local repository folder;
                None: Maven Central, whose address jgo knows.
        """
        self.remotes: dict[str, str] | None = None
        """As jgo takes them: None is its own default."""
        self._folder: Path | None = None
        self.name = "Maven Central"
        if address is None:
            return
        parts = urlsplit(address)
        self.remotes = {}
        if parts.scheme in ("http", "https"):
            self.remotes = {"repository": address.rstrip("/")}
        else:
            self._folder = Path(unquote(parts.path) if parts.scheme == "file" else address)
        # A mirror's password may stand in its URL; what is printed must not have it.
        self.name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Repository":
        """The repository that ``DURABLE_MAVEN_REPOSITORY`` names, else Maven Central."""
        environ = os.environ if environ is None else environ
        return cls(environ.get(REPOSITORY_VARIABLE) or None)

    def fetch(self, jar: Jar, scratch: Path, advance: Advance) -> Path:
        """Bring one jar to this machine.

        Args:
            jar: What to fetch.
            scratch: An empty folder of the caller's for what is downloaded.
            advance: Called with the bytes that arrive. May raise, to abandon the download.

        Returns:
            Where the file is: in `scratch`, or in a local repository, which is not to be touched.

        Raises:
            RepositoryUnreachable: Not delivered; the last of several attempts says why.
            OSError: `scratch` can't be written.
        """
        # Imported here: a start that downloads nothing should not pay for it (0.3 s).
        import requests
        from jgo.maven import MavenContext, PythonResolver

        for attempt in range(1, _ATTEMPTS + 1):
            context = MavenContext(
                resolver=PythonResolver(progress_callback=_report_to(advance)),
                repo_cache=scratch / str(attempt),
                local_repos=[self._folder] if self._folder else [],
                remote_repos=self.remotes,
                timeout=_TIMEOUT_S,
            )
            try:
                artifact = context.project(jar.group, jar.name).at_version(jar.version).artifact()
                return artifact.resolve()
            except requests.RequestException as error:
                if attempt == _ATTEMPTS:
                    raise self._unreachable(jar, _root_cause(error)) from None
                time.sleep(_RETRY_PAUSE_S * attempt)
            except RuntimeError:
                # jgo's only word for every status but 200. Its text quotes the whole URL, so the
                # chain is cut: a password in it must not end up in a traceback.
                raise self._unreachable(jar, "the file is not there") from None
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _unreachable(self, jar: Jar, reason: str) -> RepositoryUnreachable:
        return RepositoryUnreachable(
            f"{jar.coordinate} can't be fetched from {self.name}: {reason}.",
            remedy="the first start downloads the broker once: connect to the network "
            f"(HTTPS_PROXY is honoured), or set {REPOSITORY_VARIABLE} to a mirror of Maven Central "
            "(URL or folder), or set DURABLE_KAFKA_BOOTSTRAP to a Kafka that already runs.",
        )


def _report_to(
    advance: Advance,
) -> Callable[[str, int], AbstractContextManager[Advance]]:
    @contextmanager
    def reporting(filename: str, size: int) -> Iterator[Advance]:
        yield advance

    return reporting


def _root_cause(error: BaseException) -> str:
    """The innermost reason: requests wraps "connection refused" in four layers of prose."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error) or type(error).__name__
