"""A Maven repository on loopback, with small jars, for tests."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from durable_streaming.localkafka.jars import Jar, JarLock


@dataclass
class MavenServer:
    """What is served, and what was asked for.

    Attributes:
        url: Base address.
        files: Content by path; a path that is not here is a 404.
        first: Content for the first request of a path, before `files` holds.
        cut: Paths whose connection is cut in the middle of the body.
        requests: Paths of jars and POMs that were asked for, in order.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    first: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)


@contextmanager
def serve() -> Iterator[MavenServer]:
    served = MavenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            if not path.endswith(".sha1"):
                served.requests.append(path)
            body = served.first.pop(path, None) or served.files.get(path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if path in served.cut else body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output for the test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def path_of(jar: Jar) -> str:
    """Where a repository keeps a jar."""
    return f"{jar.group.replace('.', '/')}/{jar.name}/{jar.version}/{jar.filename}"


def small_jars(count: int = 5) -> tuple[JarLock, dict[Jar, bytes]]:
    """A lock file over a few small files, and their content."""
    contents = {}
    for number in range(count):
        content = f"jar {number} ".encode() * 1000
        digest = hashlib.sha256(content).hexdigest()
        contents[Jar("org.example", f"part-{number}", "1.0", digest, len(content))] = content
    return JarLock("1.0", ("org.example:part-0:1.0",), tuple(contents)), contents


def write_repository(folder: Path, contents: dict[Jar, bytes]) -> None:
    """Lay out jars as a repository keeps them."""
    for jar, content in contents.items():
        path = folder / path_of(jar)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
