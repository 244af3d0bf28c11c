"""`python -m benchmarks.publish.importing`: what it takes to import the SDK."""

import time

began = time.process_time()
import durable_streaming.producers  # noqa: E402, F401

cpu_seconds = time.process_time() - began

print(f'{{"cpu_seconds": {cpu_seconds}}}')
