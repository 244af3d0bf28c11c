"""One partition's derived values on this machine's disk, in RocksDB.

A cache of the compacted topics and nothing more: it is written only after the transaction that it
mirrors, in one batch with the changelog positions it stands for, so it is never ahead of the log.
What it misses is read from the topics on assignment; deleting it costs time, never data.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rocksdict import Options, Rdict, WriteBatch

from ..errors import StoreLocked
from .tables import TABLE_NAMES

# Raised when the layout below changes: an older store is then dropped and rebuilt.
_FORMAT: Final = 1

# A broker removes tombstones a day after they were compacted (`delete.retention.ms`). An older
# store would never hear of those deletions, and show ended runs as running for ever.
_MAX_AGE_S: Final = 12 * 3_600.0

_META: Final = b"\x00meta"
_TAGS: Final[dict[str, bytes]] = {
    name: bytes([1 + index]) for index, name in enumerate(TABLE_NAMES)
}

# A worker may own every partition; RocksDB's default of 64 MB each would be 768 MB for twelve.
_WRITE_BUFFER_BYTES: Final = 4 * 2**20


class LocalStore:
    """The last committed value of each key, and how far in each changelog that is.

    Args:
        path: directory of this store alone.
        identity: what the values belong to (application, partition, topic incarnations). A store
            with another identity, of another format, damaged or too old is dropped: it begins
            empty.
        now: wall clock in seconds.

    Raises:
        StoreLocked: another process has it open.
    """

    def __init__(
        self, path: Path, identity: Mapping[str, str], now: Callable[[], float] = time.time
    ) -> None:
        self._now = now
        self._path = path
        self._identity = dict(identity)
        self._positions: dict[str, int] = {}
        self._db = self._open()

    @property
    def positions(self) -> dict[str, int]:
        """Next changelog offset by table name; a table that is not named was never read."""
        return dict(self._positions)

    def get(self, topic: str, key: bytes) -> bytes | None:
        """Return the last committed value of a table's key."""
        value: bytes | None = self._db.get(_TAGS[topic] + key)
        return value

    def scan(self, topic: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys that begin with `prefix`, in byte order, with their values."""
        start = _TAGS[topic] + prefix
        for key, value in self._db.items(from_key=start):
            if not key.startswith(start):
                return
            yield key[1:], value

    def write(
        self,
        changes: Iterable[tuple[str, bytes, bytes | None]],
        positions: Mapping[str, int],
    ) -> None:
        """Apply changes and move the positions, both or neither.

        Args:
            changes: table name, key, and value or None for a tombstone; later ones win.
            positions: next changelog offset by table name, of at most what `changes` complete.
        """
        batch = WriteBatch(raw_mode=True)
        for table, key, value in changes:
            if value is None:
                batch.delete(_TAGS[table] + key)
            else:
                batch.put(_TAGS[table] + key, value)
        self._positions.update(positions)
        batch.put(_META, self._meta())
        self._db.write(batch)

    def clear(self) -> None:
        """Drop everything; the store begins anew."""
        self._db.close()
        self._db = self._fresh()

    def close(self) -> None:
        """Release the directory."""
        self._db.close()

    def _open(self) -> Any:
        try:
            db = Rdict(str(self._path), options=_options())
        except Exception as error:  # rocksdict raises nothing more precise
            if "/LOCK:" in str(error):
                msg = f"{self._path} is in use: give each worker its own DURABLE_PROCESSOR_ID"
                raise StoreLocked(msg) from error
            return self._fresh()
        if not self._adopt(db.get(_META)):
            db.close()
            return self._fresh()
        return db

    def _fresh(self) -> Any:
        shutil.rmtree(self._path, ignore_errors=True)
        self._path.mkdir(parents=True)
        self._positions = {}
        db = Rdict(str(self._path), options=_options())
        db.put(_META, self._meta())
        return db

    def _adopt(self, meta: bytes | None) -> bool:
        try:
            found = json.loads(meta or b"null")
            if found["format"] != _FORMAT or found["identity"] != self._identity:
                return False
            if self._now() - found["written_at"] > _MAX_AGE_S:
                return False
            self._positions = {str(table): int(n) for table, n in found["positions"].items()}
        except (TypeError, KeyError, ValueError):
            return False
        return True

    def _meta(self) -> bytes:
        meta = {
            "format": _FORMAT,
            "identity": self._identity,
            "positions": self._positions,
            "written_at": self._now(),
        }
        return json.dumps(meta).encode()


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    options.set_keep_log_file_num(2)
    return options
