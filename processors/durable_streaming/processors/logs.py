"""Structured logs: one JSON object a line on stderr, never a payload."""

import json
import logging
import sys
from typing import Final

from durable_streaming.eventlog import rfc3339

# What every log record has; the rest came in as `extra` and is what makes a line structured.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# They draw tables at INFO, or are services of Faust's that announce each of their steps.
_CHATTY: Final = (
    "faust",
    "mode",
    "aiokafka",
    "asyncio",
    "durable_streaming.processors.transport",
    "durable_streaming.processors.tables",
)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON with its extra members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line = {
            "time": rfc3339(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(level: int = logging.INFO) -> None:
    """Send this process's logs to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
