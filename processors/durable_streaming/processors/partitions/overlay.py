"""The store as the fold sees it: what was committed, and above it what is being committed."""

from collections.abc import Iterable, Iterator, Mapping

from .store import LocalStore
from .tables import TABLE_NAMES


class OverlayStore:
    """A local store with at most one transaction's changes laid over it.

    The fold goes on while its last changes are being committed, and must see them; the store on
    disk must not have them before the commit. So they wait here.
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._staged: dict[str, dict[bytes, bytes | None]] = {}

    def get(self, topic: str, key: bytes) -> bytes | None:
        """Return the newest value of a table's key, staged or committed."""
        staged = self._staged.get(topic)
        if staged is not None and key in staged:
            return staged[key]
        return self._store.get(topic, key)

    def scan(self, topic: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the newest values of the keys that begin with `prefix`, in byte order."""
        staged = {k: v for k, v in self._staged.get(topic, {}).items() if k.startswith(prefix)}
        if not staged:
            yield from self._store.scan(topic, prefix)
            return
        merged: dict[bytes, bytes | None] = {**dict(self._store.scan(topic, prefix)), **staged}
        for key in sorted(merged):
            value = merged[key]
            if value is not None:
                yield key, value

    def stage(self, changes: Iterable[tuple[str, bytes | None, bytes | None]]) -> None:
        """Lay a transaction's table changes over the store; other topics' are left out."""
        for table, key, value in changes:
            if table in TABLE_NAMES and key is not None:
                self._staged.setdefault(table, {})[key] = value

    def settle(self, positions: Mapping[str, int]) -> None:
        """Move what was staged to disk: its transaction is committed.

        Args:
            positions: next changelog offset by table name after the commit.
        """
        self._store.write(
            (
                (table, key, value)
                for table, entries in self._staged.items()
                for key, value in entries.items()
            ),
            positions,
        )
        self._staged = {}
