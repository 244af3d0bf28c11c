"""Time and CPU of one contender's process while it publishes."""

import json
import resource
import sys
import time
from types import TracebackType
from typing import Self


class Meter:
    """Measures its block and prints the figures; what precedes it (imports, connecting) is free."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Self:
        """Begin."""
        self._began = time.perf_counter()
        self._cpu = time.process_time()
        self._thread = time.thread_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Print the figures, unless the block failed."""
        if kind is not None:
            return
        figures = {
            "count": self._count,
            "seconds": time.perf_counter() - self._began,
            # Of all threads, so librdkafka's and the SDK's own are in it.
            "cpu_seconds": time.process_time() - self._cpu,
            "main_thread_seconds": time.thread_time() - self._thread,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        sys.stdout.write(json.dumps(figures) + "\n")
