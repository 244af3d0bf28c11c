"""Faust tables over the partitions' own stores: read through the application, never written.

Faust writes a table key by key and sends each write to the changelog by itself. Here the fold's
changes, their outputs and the source position become visible in one transaction, so the tables'
changelogs have one writer, the partition's owner, and the tables show what it committed.
"""

from collections.abc import Iterator
from typing import Any, Final, NoReturn

import faust
from faust.stores import STORES
from faust.stores.base import Store
from faust.types import TP

from durable_streaming.schemas import partition_for

from .partitions.ownership import Ownership

STORE_URL: Final = "owned://"
STORES.aliases["owned"] = f"{__name__}:OwnedStore"

_READ_ONLY = "derived tables are written by the transactions of their partition's owner only"


class DerivedTable(faust.Table[bytes, bytes]):
    """A table whose changelog is a derived topic; reading is all that it offers."""

    def on_key_set(self, key: bytes, value: bytes) -> NoReturn:
        """Refuse: a write here would reach the changelog outside the transaction."""
        raise TypeError(_READ_ONLY)

    def on_key_del(self, key: bytes) -> NoReturn:
        """Refuse, as `on_key_set`."""
        raise TypeError(_READ_ONLY)

    def on_clear(self) -> NoReturn:
        """Refuse, as `on_key_set`."""
        raise TypeError(_READ_ONLY)


class OwnedStore(Store[bytes, bytes]):
    """The values of one derived topic in the partitions that this worker owns.

    Args (in the table's `options`):
        ownership: the partitions.
        partitions: how many the topic has.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = self.options or {}
        self._ownership: Ownership = options["ownership"]
        self._partitions: int = options["partitions"]

    def __getitem__(self, key: bytes) -> bytes:
        # A chunk is keyed by its run and a number, and sits where its run does.
        owner = self._ownership.get(partition_for(key.split(b"#")[0], self._partitions))
        value = None if owner is None else owner.store.get(self.table_name, key)  # type: ignore[arg-type]
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        try:
            self[key]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[bytes]:
        for owner in self._ownership:
            for key, _ in owner.store.scan(self.table_name, b""):  # type: ignore[arg-type]
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def persisted_offset(self, tp: TP) -> None:
        """Return None: the owner keeps the changelog positions, in the store it writes."""

    def apply_changelog_batch(self, batch: Any, to_key: Any, to_value: Any) -> NoReturn:
        """Refuse: the transport shows Faust's recovery an empty changelog."""
        raise TypeError(_READ_ONLY)

    def reset_state(self) -> None:
        """Keep everything: the owner drops a store that the log contradicts."""

    async def backup_partition(
        self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1
    ) -> None:
        """Do nothing: the changelog is the backup."""

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:
        """Do nothing: the changelog is the backup."""
