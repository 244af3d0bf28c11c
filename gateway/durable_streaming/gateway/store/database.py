"""RocksDB, with its errors translated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rocksdict import (
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteOptions,
)

from durable_streaming.gateway.errors import StoreDamagedError, StoreLockedError

_log = logging.getLogger(__name__)

# Written in order of run and offset and read the same way: few, large buffers suit it. What is in
# one when the process is killed is read again from the log, so it must not be too large.
_WRITE_BUFFER_BYTES = 16 * 1024 * 1024


class Database:
    """An ordered map of bytes to bytes on disk, written in atomic batches.

    A process that is killed may lose the last batches, but never one without all that came after
    it: there is no write-ahead log, for the log that this is a copy of is Kafka's.

    Safe to use from several threads. After `close` every call raises `StoreDamagedError`.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, creating it when it is missing.

        Raises:
            StoreLockedError: another process has it open.
            StoreDamagedError: what is there can't be read.
        """
        path.mkdir(parents=True, exist_ok=True)
        try:
            self._db = Rdict(str(path), _options())
        except Exception as error:
            if "lock" in str(error).lower():
                raise StoreLockedError(
                    f"the store {path} is in use by another gateway: "
                    "give each its own DURABLE_DATA_DIR or port"
                ) from error
            raise StoreDamagedError(f"the store {path} can't be opened: {error}") from error
        self._unlogged = WriteOptions()
        self._unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # wrong stub

    @staticmethod
    def batch() -> WriteBatch:
        """Begin a batch; what is put into it becomes visible together, by `write`."""
        return WriteBatch(raw_mode=True)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of one key."""
        with _translated():
            value: bytes | None = self._db.get(key)
            return value

    def snapshot(self) -> Callable[[bytes], bytes | None]:
        """Freeze what is there now; the function returned looks a key up in it."""
        with _translated():
            frozen = self._db.snapshot()

        def get(key: bytes) -> bytes | None:
            # Its iterators see what is written later, so this is the only way to look; for a
            # key that is not there it raises a bare exception.
            try:
                value: bytes = frozen[key]
            except Exception as error:
                if str(error) == "key not found":
                    return None
                raise StoreDamagedError(f"the store can't be used: {error}") from error
            return value

        return get

    def write(self, batch: WriteBatch) -> None:
        """Apply a batch, all of it or nothing."""
        with _translated():
            self._db.write(batch, self._unlogged)

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values from `start` up to, but not including, `end`, in order."""
        with _translated():
            bounds = ReadOptions()
            bounds.set_iterate_upper_bound(end)
            items = self._db.items(from_key=start, read_opt=bounds)
        while True:
            with _translated():
                entry = next(items, None)
            if entry is None:
                return
            yield entry  # type: ignore[misc]

    def close(self) -> None:
        """Release the files and the lock; what is in memory is written first, where it can be."""
        try:
            self._db.close()
        except Exception as error:
            # A full disk, for one. Released it is all the same, and what is missing is read again.
            _log.warning("store closed without its newest part", extra={"reason": str(error)})


@contextmanager
def _translated() -> Iterator[None]:
    # rocksdict raises bare `Exception`.
    try:
        yield
    except Exception as error:
        raise StoreDamagedError(f"the store can't be used: {error}") from error


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(3)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(2)
    return options
