from pathlib import Path

import pytest

from durable_streaming.processors.errors import StoreLocked
from durable_streaming.processors.partitions.overlay import OverlayStore
from durable_streaming.processors.partitions.store import LocalStore

IDENTITY = {"application": "test", "partition": "0"}


def test_values_and_positions_survive_together(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "s", IDENTITY)
    store.write([("drafts", b"a", b"1"), ("packets", b"a", b"2")], {"drafts": 7})
    store.write([("drafts", b"a", None), ("drafts", b"b", b"3")], {"packets": 9})
    store.close()
    store = LocalStore(tmp_path / "s", IDENTITY)
    assert store.positions == {"drafts": 7, "packets": 9}
    assert store.get("drafts", b"a") is None
    assert store.get("drafts", b"b") == b"3"
    assert store.get("packets", b"a") == b"2"
    store.close()


def test_scan_keeps_to_its_table_and_prefix_in_byte_order(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "s", IDENTITY)
    keys = [b"run#10", b"run#2", b"run", b"rum", b"s", b"run\xff"]
    store.write([("drafts", key, key) for key in keys], {})
    store.write([("packets", b"run#1", b"other table")], {})
    assert [key for key, _ in store.scan("drafts", b"run")] == [
        b"run",
        b"run#10",
        b"run#2",
        b"run\xff",
    ]
    store.close()


@pytest.mark.parametrize("change", ["identity", "damage", "format"])
def test_what_can_not_be_trusted_is_dropped(tmp_path: Path, change: str) -> None:
    path = tmp_path / "s"
    store = LocalStore(path, IDENTITY)
    store.write([("drafts", b"a", b"1")], {"drafts": 7})
    store.close()
    identity = IDENTITY
    if change == "identity":
        identity = {**IDENTITY, "t.events": "another incarnation"}
    elif change == "damage":
        (path / "CURRENT").write_bytes(b"garbage")
    else:
        raw = LocalStore(path, IDENTITY)
        raw._db[b"\x00meta"] = b'{"format": 0}'
        raw.close()
    store = LocalStore(path, identity)
    assert store.positions == {}
    assert store.get("drafts", b"a") is None
    store.close()


def test_a_store_in_use_is_refused_not_dropped(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "s", IDENTITY)
    store.write([("drafts", b"a", b"1")], {})
    with pytest.raises(StoreLocked, match="DURABLE_PROCESSOR_ID"):
        LocalStore(tmp_path / "s", IDENTITY)
    assert store.get("drafts", b"a") == b"1"
    store.close()


def test_the_overlay_shows_what_is_being_committed_and_disk_does_not(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "s", IDENTITY)
    store.write([("drafts", b"a", b"1"), ("drafts", b"c", b"1")], {"drafts": 3})
    overlay = OverlayStore(store)
    overlay.stage(
        [
            ("drafts", b"a", None),
            ("drafts", b"b", b"2"),
            ("dead_letters", b"x", b"not a table"),
            ("dead_letters", None, None),
        ]
    )
    assert overlay.get("drafts", b"a") is None
    assert list(overlay.scan("drafts", b"")) == [(b"b", b"2"), (b"c", b"1")]
    assert store.get("drafts", b"a") == b"1"
    assert store.positions == {"drafts": 3}
    overlay.settle({"drafts": 6})
    assert store.get("drafts", b"a") is None
    assert store.get("drafts", b"b") == b"2"
    assert store.positions == {"drafts": 6}
    assert list(overlay.scan("drafts", b"")) == [(b"b", b"2"), (b"c", b"1")]
    store.close()


def test_a_store_older_than_tombstones_live_is_dropped(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "s", IDENTITY, now=lambda: 1_000_000.0)
    store.write([("drafts", b"a", b"1")], {"drafts": 7})
    store.close()
    store = LocalStore(tmp_path / "s", IDENTITY, now=lambda: 1_000_000.0 + 11 * 3_600)
    assert store.positions == {"drafts": 7}
    store.close()
    store = LocalStore(tmp_path / "s", IDENTITY, now=lambda: 1_000_000.0 + 13 * 3_600)
    assert store.positions == {}
    assert store.get("drafts", b"a") is None
    store.close()
