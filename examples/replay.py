"""A provider of models on this machine: it answers each request with the next recorded response.

It stands in for the model alone. Without `base_url` the examples ask the real one, with the same
code; the responses were written for them, in the form of each provider's stream.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def replaying(folder: Path) -> Iterator[str]:
    """Serve the recorded responses `1.sse`, `2.sse` ... of a folder; gives the base URL."""
    responses = itertools.cycle([path.read_bytes() for path in sorted(folder.glob("*.sse"))])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class's own name
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(next(responses))

        def log_message(self, *_: object) -> None:
            """Say nothing: what an example prints is its run's id."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()
