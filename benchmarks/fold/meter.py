"""Time and CPU of one contender's process, from its first record to its last."""

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

# Short beside a measurement of seconds, and a tenth of a per cent of a core.
_SAMPLE_S: Final = 0.005


class Meter:
    """Watches counts from a thread of its own; at the end it prints figures and ends the process.

    What precedes the first record (imports, joining a group, opening state) is not counted.

    Args:
        total: records to handle.
        seen: how many were handled so far.
        done: how many are handled for good, where that is later: committed ones.
    """

    def __init__(
        self, total: int, seen: Callable[[], int], done: Callable[[], int] | None = None
    ) -> None:
        self._total = total
        self._seen = seen
        self._done = done or seen
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def _watch(self) -> None:
        while not (before := self._seen()):
            time.sleep(_SAMPLE_S)
        began, cpu = time.perf_counter(), time.process_time()
        while self._done() < self._total:
            time.sleep(_SAMPLE_S)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        figures = {
            "events": self._total - before,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
        # Nobody waits for a contender's clean-up, and some hang in theirs.
        os._exit(0)
