"""Hypothesis strategies and a seeded generator for logs of one partition.

``DURABLE_HYPOTHESIS=deep`` makes the tests that use them search longer.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .generators.choice import DrawnChooser, SeededChooser
from .generators.logs import GeneratedLog, make_log

DEEP = os.environ.get("DURABLE_HYPOTHESIS") == "deep"

search = settings(
    max_examples=1_000 if DEEP else 30,
    deadline=None,
    database=None,
    derandomize=not DEEP,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""How long a property of a log is searched for a counterexample."""

SEEDS = range(2_000 if DEEP else 25)


@st.composite
def logs(draw: st.DrawFn, max_runs: int = 3, run_size: int = 12) -> GeneratedLog:
    """Any log; it shrinks to few plain records."""
    return make_log(DrawnChooser(draw), max_runs=max_runs, run_size=run_size)


def seeded_log(seed: int, *, max_runs: int = 8, run_size: int = 100) -> GeneratedLog:
    """The log of this seed: longer than hypothesis cares to draw, but it does not shrink."""
    return make_log(SeededChooser(seed), max_runs=max_runs, run_size=run_size)
