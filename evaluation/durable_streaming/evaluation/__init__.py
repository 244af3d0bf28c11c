"""Offline evaluation: the whole log, from its beginning to an end fixed once."""

from durable_streaming.evaluation.errors import EvaluationError, LogShrank, NothingToRead
from durable_streaming.evaluation.export import export_runs
from durable_streaming.evaluation.pinned import Pinned, last_values, pin, read_partition
from durable_streaming.evaluation.report import Difference, Report
from durable_streaming.evaluation.runs import Entry, RunRecord, read_runs
from durable_streaming.evaluation.verify import folded_positions, verify

__all__ = [
    "Difference",
    "Entry",
    "EvaluationError",
    "LogShrank",
    "NothingToRead",
    "Pinned",
    "Report",
    "RunRecord",
    "export_runs",
    "folded_positions",
    "last_values",
    "pin",
    "read_partition",
    "read_runs",
    "verify",
]
