"""Importing the SDK takes nothing but a part of the standard library, so it is cheap.

What it takes in milliseconds, `make bench-publish` says.
"""

import subprocess
import sys

_PROBE = """
import sys
before = set(sys.modules)
import durable_streaming.producers
print(",".join(set(sys.modules) - before))
"""


def test_import_pulls_in_nothing_of_others_and_little_of_ours() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True
    )
    names = done.stdout.strip().split(",")
    assert {name.partition(".")[0] for name in names} <= {
        *sys.stdlib_module_names,
        "durable_streaming",
    }
    ours = {".".join(name.split(".")[:2]) for name in names if name.startswith("durable_")}
    assert ours == {"durable_streaming", "durable_streaming.producers"}
    assert "durable_streaming.producers.adapters" not in names
    assert "durable_streaming.producers.delivery.engine" not in names
