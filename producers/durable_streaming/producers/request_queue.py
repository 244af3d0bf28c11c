"""Wishes for runs, each turned into a started run once; blocking, without an event loop.

The group's position passes a request when its `run.started` is stored, so a worker that dies
before leaves the request to another one. Two workers may still come to start the same run, because
the first was only frozen and not dead. The log decides between them, as it does between all
producers: the first event of a run owns it, and the other worker reads that it lost before it calls
any handler.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from durable_streaming.eventlog import (
    EventLogError,
    Fenced,
    GroupReader,
    KafkaLog,
    LogRefused,
    LogUnavailable,
    Place,
    Record,
)
from durable_streaming.producers import facts
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.delivery.log_range import log_failed, read_range
from durable_streaming.producers.delivery.run_writer import RunWriter
from durable_streaming.producers.delivery.waiters import ThreadWaiter
from durable_streaming.producers.errors import EventRefused, LogFailed, Misuse, OutcomeUnknown
from durable_streaming.producers.known_runs import KnownRuns
from durable_streaming.producers.sync_run import SyncRunHandle
from durable_streaming.schemas import Event, decode, judge, partition_for
from durable_streaming.schemas.records import RunRequest

_log = logging.getLogger(__name__)

# How much older than its request a run may be by the broker's clock, which is not the gateway's.
_CLOCK_SKEW_MS: Final = 3_600_000
_ANSWER_S: Final = 0.5
# How long a worker looks for the group's new deal before it tries its request again.
_DEAL_S: Final = 0.1
_MOST_READ: Final = 100


class StartedRun(NamedTuple):
    """A run that was wished for; this process owns it, and its `run.started` is stored."""

    writer: RunWriter
    input: Any


class _Begun(NamedTuple):
    """A run whose `run.started` was appended, and where another worker's may lie."""

    request: Record
    run: SyncRunHandle
    writer: RunWriter
    input: Any
    home: Place
    end: int


class RequestQueue:
    """This worker's share of the requests for one agent.

    Raises:
        Misuse: the name is empty, or the log is none that workers can share.
        LogFailed: the log can't be reached.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        if not name:
            raise Misuse("an agent serves under a name: the one that requests ask for")
        if not isinstance(engine.log, KafkaLog):
            raise Misuse("requests are shared out by Kafka: serve() needs a producer on Kafka")
        self._engine = engine
        self._name = name
        # A request stays the first until it is settled, or its place has gone.
        self._requests: deque[Record] = deque()
        self._begun: _Begun | None = None
        self._passed: dict[Place, int] = {}
        self._is_closing = threading.Event()
        with log_failed():
            self._admin = engine.log.admin()
            self._partitions = self._admin.describe(engine.topic).partitions
            settings = engine.log.settings
            group = f"durable-agents-{name}"
            self._group = GroupReader(settings, group, engine.topics.requests, on_gone=self._forget)
        self._known = KnownRuns(engine.log, engine.topic, self._group.offset_at)

    def take(self, timeout_s: float) -> StartedRun | None:
        """Start the next run that is wished for; None when there was none in time.

        Raises:
            LogFailed: the log refuses to be read.
            PublishingStopped: the broker refused the run's events for good.
            NotOpen: the producer was closed.
        """
        self._engine.outbox.check_open()
        try:
            if self._begun is None:
                self._begun = self._next(timeout_s)
            if self._begun is not None:
                return self._settle(self._begun)
            self._commit_passed()
        except Fenced as error:
            # The first request stays: it may be this worker's in the new deal as well. If not, the
            # reading tells.
            _log.info("waiting until requests are dealt out anew: %s", error)
            self.attend(_DEAL_S)
        except LogRefused as error:
            raise LogFailed(f"requests can't be read: {error}") from error
        except (EventLogError, LogFailed) as error:
            # Nothing is lost: what was not committed comes again.
            _log.warning("requests for %s can't be taken for now: %s", self._name, error)
            self._is_closing.wait(_ANSWER_S)
        return None

    def attend(self, timeout_s: float = 0) -> None:
        """Stay in the group without taking anything, and learn of a new deal.

        Args:
            timeout_s: to wait for one.
        """
        try:
            self._group.pause()
            self._fill(timeout_s)
        except EventLogError as error:
            _log.warning("the group of %s can't be attended for now: %s", self._name, error)

    def interrupt(self) -> None:
        """Let a `take` in another thread end soon."""
        self._is_closing.set()

    def close(self) -> None:
        """Leave the group; what was not started goes to another worker."""
        try:
            self._commit_passed()
            self._group.close()
        except EventLogError as error:
            _log.warning("the group of %s was not left in order: %s", self._name, error)
        self._admin.close()

    def _next(self, timeout_s: float) -> _Begun | None:
        """Begin the run that the first request wishes for; None where there is nothing to begin."""
        if not self._requests:
            self._group.resume()
            self._fill(timeout_s)
        if not self._requests:
            self._known.clear()
            return None
        record = self._requests[0]
        request = self._read(record)
        begun = None if request is None else self._begin(record, request)
        if begun is None:
            self._pass(record)
        return begun

    def _fill(self, timeout_s: float) -> None:
        # In two steps, for the reading itself may have requests forgotten.
        found = self._group.read(timeout_s, _MOST_READ)
        self._requests += found

    def _pass(self, record: Record) -> None:
        """Take a settled request off, unless its place has gone, and with it the request."""
        if self._requests and self._requests[0] is record:
            self._requests.popleft()
            self._passed[record.topic, record.partition] = record.offset + 1

    def _forget(self, gone: Collection[Place]) -> None:
        """Leave requests to those who have their places now; a run that was begun stays ours."""
        kept = [record for record in self._requests if (record.topic, record.partition) not in gone]
        self._requests = deque(kept)
        for place in gone:
            self._passed.pop(place, None)

    def _begin(self, record: Record, request: RunRequest) -> _Begun | None:
        """Append `run.started`, unless the run is in the log, or not ours to start."""
        home = (self._engine.topic, partition_for(request.run_id.encode(), self._partitions))
        end = self._admin.watermarks(home[0])[home[1]][1]
        # Proves that no other member had the request when `end` was asked for, so whatever another
        # one writes of the run comes behind it.
        place = (record.topic, record.partition)
        self._group.commit({place: record.offset})
        self._passed.pop(place, None)
        if not self._group.is_new(record):
            # Another worker may have started the run, or this one when it had the place before.
            since_ms = record.timestamp_ms - _CLOCK_SKEW_MS
            if self._known.hold(request.run_id, home[1], since_ms, end):
                return None
        started = facts.started(self._name, None, request.input, None, None, None, None)
        try:
            writer = self._engine.new_run(request.run_id)
            run = SyncRunHandle(writer, started, self._engine)
            run.__enter__()
        except (Misuse, EventRefused) as error:
            _log.error("the request for run %s is dropped: %s", request.run_id, error)
            return None
        return _Begun(record, run, writer, request.input, home, end)

    def _settle(self, begun: _Begun) -> StartedRun | None:
        """Wait until the start is stored, and see whether it is the run's first event."""
        writer = begun.writer
        own = self._stored(begun)
        is_lost = self._is_anothers(writer, begun.home, begun.end, own)
        self._begun = None
        self._pass(begun.request)
        try:
            self._commit_passed()
        except (Fenced, LogUnavailable) as error:
            # Whoever gets the request again finds the run in the log.
            _log.info("the request for run %s may come again: %s", writer.run_id, error)
        if is_lost:
            _log.warning("run %s was started by another worker", writer.run_id)
            self._engine.outbox.unregister(writer)
            return None
        return StartedRun(writer, begun.input)

    def _stored(self, begun: _Begun) -> int:
        """Wait until the start is stored; gives its offset, or a higher one."""
        while True:
            waiter = ThreadWaiter()
            mark, waits = begun.writer.barrier(waiter)
            if waits:
                waiter.wait(_ANSWER_S)
            try:
                next_offset = begun.writer.flushed(mark).next_offset
                break
            except OutcomeUnknown:
                if self._is_closing.is_set():
                    # It may yet be stored, and no one would go on with it.
                    begun.run.cancel("the agent stopped serving")
                    raise
        if next_offset is None:
            return self._admin.watermarks(begun.home[0])[begun.home[1]][1]
        return next_offset - 1

    def _is_anothers(self, writer: RunWriter, home: Place, begin: int, end: int) -> bool:
        """Say whether another producer has written of the run between two offsets."""
        mine = self._engine.outbox.producer_id
        for record in read_range(self._engine.log, home, begin, end):
            if record.key == writer.key:
                event = judge(record.value, record.key, record.partition, self._partitions)
                if isinstance(event, Event) and event.producer_id not in (None, mine):
                    return True
        return False

    def _read(self, record: Record) -> RunRequest | None:
        try:
            request = RunRequest.model_validate(decode(record.value or b""))
        except ValueError:
            _log.warning("no request: %s[%d] at %d", *record[:3])
            return None
        return request if request.agent == self._name else None

    def _commit_passed(self) -> None:
        if self._passed:
            self._group.commit(self._passed)
            self._passed.clear()
