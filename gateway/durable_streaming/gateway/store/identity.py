"""Which topics a store is a copy of, and what happens when it is a copy of others."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import msgspec

from durable_streaming.gateway.errors import StoreDamagedError
from durable_streaming.gateway.store import keys
from durable_streaming.gateway.store.database import Database

_log = logging.getLogger(__name__)

_FORMAT = 3


class Identity(msgspec.Struct, frozen=True):
    """The topics whose records a store holds.

    Attributes:
        epoch: the events topic's id: offsets mean nothing under another one.
        partitions: of the events topic.
        derived: the derived topics' ids by name.
        format: of the store's keys and rows.
    """

    epoch: str
    partitions: int
    derived: dict[str, str]
    format: int = _FORMAT


def open_database(path: Path, identity: Identity) -> Database:
    """Open the store for these topics; one of other topics, or a damaged one, starts empty.

    Raises:
        StoreLockedError: another process has it open.
    """
    try:
        database = Database(path)
        found = _read_identity(database)
    except StoreDamagedError as error:
        _log.warning("store dropped, rebuilding from Kafka", extra={"reason": str(error)})
        drop(path)
        database, found = Database(path), None
    if found is not None and found != identity:
        _log.warning(
            "store dropped: it is a copy of other topics",
            extra={"had_epoch": found.epoch, "epoch": identity.epoch},
        )
        database.close()
        drop(path)
        database, found = Database(path), None
    if found is None:
        batch = database.batch()
        batch.put(keys.IDENTITY, msgspec.json.encode(identity))
        database.write(batch)
    return database


def drop(path: Path) -> None:
    """Delete a store that is not open."""
    shutil.rmtree(path, ignore_errors=True)


def _read_identity(database: Database) -> Identity | None:
    raw = database.get(keys.IDENTITY)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=Identity)
    except msgspec.DecodeError as error:
        raise StoreDamagedError(f"the store's identity can't be read: {error}") from error
