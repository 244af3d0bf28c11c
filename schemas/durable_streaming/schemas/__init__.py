"""The wire: ids, events, derived records, frames, problems, topics and the one codec.

No input or output, no clock, no environment: everything here is a function of its arguments.
"""

from durable_streaming.schemas.codec import canonical, decode
from durable_streaming.schemas.fields import MAX_EVENT_BYTES
from durable_streaming.schemas.ids import RUN_ID_PATTERN, is_run_id, partition_for
from durable_streaming.schemas.judge import (
    ABSENT,
    CONTROL_TYPES,
    EVENT_TYPES,
    MAX_RECORD_BYTES,
    SCHEMA_VERSION,
    TERMINAL_TYPES,
    BadRecord,
    Event,
    is_control_type,
    judge,
    judge_value,
)
from durable_streaming.schemas.positions import MAX_OFFSET, ResumeToken, parse_offset
from durable_streaming.schemas.problems import PROBLEMS, ProblemKind, Slug
from durable_streaming.schemas.times import parse_time
from durable_streaming.schemas.topics import DEFAULT_PARTITIONS, Topics, TopicSpec

__all__ = [
    "ABSENT",
    "CONTROL_TYPES",
    "DEFAULT_PARTITIONS",
    "EVENT_TYPES",
    "MAX_EVENT_BYTES",
    "MAX_OFFSET",
    "MAX_RECORD_BYTES",
    "PROBLEMS",
    "RUN_ID_PATTERN",
    "SCHEMA_VERSION",
    "TERMINAL_TYPES",
    "BadRecord",
    "Event",
    "ProblemKind",
    "ResumeToken",
    "Slug",
    "TopicSpec",
    "Topics",
    "canonical",
    "decode",
    "is_control_type",
    "is_run_id",
    "judge",
    "judge_value",
    "parse_offset",
    "parse_time",
    "partition_for",
]
