"""What the broker says of the whole pipeline, asked at most once a second for all who want it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple

from durable_streaming.eventlog import Admin, EventLogError, Log, Place, TopicMissing
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.threads import in_daemon_thread
from durable_streaming.schemas import Topics, decode

_GOOD_FOR_S = 1.0
_TIMEOUT_S = 10.0
# The processors end each transaction with their position, so it lies a few offsets from the end.
_POSITION_KEY = b"#position"
_LOOK_BACK = (8, 512)
_READ_S = 2.0


class View(NamedTuple):
    """The pipeline as of one moment.

    Attributes:
        topics: partitions by topic name; 0 for one that is missing.
        marks: low and high watermark of each partition of the events topic.
        processed: the first offset that the processors have not folded, by partition; none for
            partitions that they have not begun.
    """

    topics: Mapping[str, int]
    marks: Mapping[int, tuple[int, int]]
    processed: Mapping[int, int]


class BrokerView:
    """Asks the broker, one question at a time."""

    def __init__(self, log: Log, admin: Admin, topics: Topics) -> None:
        self._log = log
        self._admin = admin
        self._topics = topics
        self._asked_at = 0.0
        self._asking: asyncio.Task[View] | None = None

    async def look(self) -> View:
        """Return the view, not older than a second.

        Raises:
            Refusal: the broker does not answer.
        """
        now = time.monotonic()
        task = self._asking
        if task is None or (task.done() and now - self._asked_at > _GOOD_FOR_S):
            self._asked_at = now
            task = self._asking = asyncio.create_task(in_daemon_thread(self._look))
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await asyncio.shield(task)
        except (TimeoutError, EventLogError):
            # Nobody may be left to take a late failure.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise Refusal("not-ready", "the broker does not answer: try again") from None

    def _look(self) -> View:
        names = sorted(spec.name for spec in self._topics.specs())
        return View(
            {name: self._partitions(name) for name in names},
            self._admin.watermarks(self._topics.events),
            self._processed(),
        )

    def _partitions(self, name: str) -> int:
        try:
            return self._admin.describe(name).partitions
        except TopicMissing:
            return 0

    def _processed(self) -> dict[int, int]:
        topic = self._topics.state
        if not self._partitions(topic):
            return {}
        found: dict[int, int] = {}
        marks = self._admin.watermarks(topic)
        for back in _LOOK_BACK:
            wanted = {
                (topic, partition): max(low, high - back)
                for partition, (low, high) in marks.items()
                if high > low and partition not in found
            }
            if wanted:
                self._read(wanted, {place: marks[place[1]][1] for place in wanted}, found)
        return found

    def _read(
        self, positions: Mapping[Place, int], ends: Mapping[Place, int], found: dict[int, int]
    ) -> None:
        deadline = time.monotonic() + _READ_S
        with self._log.reader(positions) as reader:
            while time.monotonic() < deadline:
                for record in reader.read(0.1):
                    if record.key == _POSITION_KEY and record.value is not None:
                        found[record.partition] = decode(record.value)["next_offset"]
                if all(reader.positions[place] >= end for place, end in ends.items()):
                    return
