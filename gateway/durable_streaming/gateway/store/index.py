"""The run list: newest first by the broker's time of a run's first record."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from durable_streaming.gateway.store import keys
from durable_streaming.gateway.store.database import Database
from durable_streaming.gateway.store.events import EventStore
from durable_streaming.gateway.store.rows import RunRow, Summary
from durable_streaming.gateway.times import to_ms

_SUMMARY = msgspec.json.Decoder(Summary)
_LISTING_START = b"t"
_MIN_CURSOR_BYTES = 9


@dataclass(slots=True, frozen=True)
class ListedRun:
    """One entry of the run list, before it is written as JSON.

    `row` is None for a run whose events the log no longer keeps.
    """

    run_id: str
    row: RunRow | None
    summary: Summary


@dataclass(slots=True, frozen=True)
class Page:
    """Some entries, and where the next ones begin (None: there are no more)."""

    runs: list[ListedRun]
    next_cursor: str | None


class RunIndex:
    """Reads the run list; its keys are written with the first event of each run."""

    def __init__(self, database: Database, events: EventStore) -> None:
        """Wire it.

        Args:
            database: has the list and the summaries.
            events: has the runs' rows, newer than the database in part.
        """
        self._database = database
        self._events = events

    def page(
        self, *, limit: int, cursor: str | None, wanted: Callable[[str, Summary], bool]
    ) -> Page:
        """Return the next entries that are wanted.

        Args:
            limit: most entries to return.
            cursor: `next_cursor` of the page before.
            wanted: the filter, by run id and summary.

        Raises:
            ValueError: the cursor was not handed out by this list.
        """
        start = _LISTING_START if cursor is None else _read_cursor(cursor)
        runs: list[ListedRun] = []
        for key, _ in self._database.scan(start, keys.after(_LISTING_START)):
            if len(runs) == limit:
                return Page(runs, _write_cursor(key))
            run_id = keys.listed_run(key)
            raw = self._database.get(keys.summary(run_id))
            summary = Summary() if raw is None else _SUMMARY.decode(raw)
            if not wanted(run_id.decode(), summary):
                continue
            name = run_id.decode()
            runs.append(ListedRun(name, self._events.row(name), summary))
        return Page(runs, None)

    def adopt_orphans(self) -> int:
        """List the runs that only derived records tell of: their events have expired.

        The broker's time of their first record is gone too; the event's own stands in.

        Returns:
            How many there were.
        """
        batch = self._database.batch()
        orphans = 0
        prefix = keys.summary(b"")
        for key, raw in self._database.scan(prefix, keys.after(prefix)):
            run_id = key[len(prefix) :]
            if self._database.get(keys.row(run_id)) is None:
                batch.put(keys.listing(to_ms(_SUMMARY.decode(raw).started_at), run_id), b"")
                orphans += 1
        self._database.write(batch)
        return orphans


def _write_cursor(key: bytes) -> str:
    return urlsafe_b64encode(key[1:]).rstrip(b"=").decode()


def _read_cursor(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("no cursor of this list") from error
    if len(raw) < _MIN_CURSOR_BYTES:
        raise ValueError("no cursor of this list")
    return _LISTING_START + raw
