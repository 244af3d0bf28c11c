"""Reading single source records again by their offset."""

from typing import Final

from durable_streaming.eventlog import Log, LogUnavailable, OffsetOutOfRange, Reader, Record

# Nearer than this, reading on is cheaper than opening a new reader.
_NEAR: Final = 2_000
_POLL_S: Final = 0.5
_TRIES: Final = 60


class RecordLookup:
    """Answers which record stands at an offset of one partition.

    A restored fold knows events that wait for their turn by their offsets alone and asks for them
    when their turn comes, mostly in rising order; so one reader serves while the next offset is
    near. It may be closed at any time: the next question opens another.
    """

    def __init__(self, log: Log, topic: str, partition: int) -> None:
        self._log = log
        self._place = (topic, partition)
        self._reader: Reader | None = None
        self._ahead: list[Record] = []
        self._next = 0

    def __call__(self, offset: int) -> Record | None:
        """Return the record at `offset`, None where retention removed it.

        Raises:
            LogUnavailable: the log gave nothing for too long.
            EventLogError: the log can't be read.
        """
        if self._reader is None or not self._next <= offset < self._next + _NEAR:
            self._reopen(offset)
        assert self._reader is not None
        for _ in range(_TRIES):
            while self._ahead:
                record = self._ahead.pop()
                self._next = record.offset + 1
                if record.offset == offset:
                    return record
                if record.offset > offset:
                    return None
            try:
                self._ahead = self._reader.read(_POLL_S)[::-1]
            except OffsetOutOfRange:
                self.close()  # the reader is of no use any more
                return None
        msg = f"offset {offset} of {self._place[0]}[{self._place[1]}] did not come"
        raise LogUnavailable(msg)

    def close(self) -> None:
        """Release the reader."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _reopen(self, offset: int) -> None:
        self.close()
        self._reader = self._log.reader({self._place: offset})
        self._ahead = []
        self._next = offset
