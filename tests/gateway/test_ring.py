from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_streaming.gateway.hub import Ring


def test_frames_are_joined_in_order() -> None:
    ring = Ring(floor=0, max_bytes=1_000)
    for offset in (2, 5, 9):
        ring.extend([offset], [b"<%d>" % offset], 3)
    chunk = ring.take(0, 100, 1_000)
    assert chunk is not None
    assert (chunk.data, chunk.next_offset, chunk.frames) == (b"<2><5><9>", 10, 3)
    assert ring.take(10, 100, 1_000) is None
    assert ring.take(3, 5, 1_000) is None


@pytest.mark.parametrize(("max_bytes", "frames"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_a_chunk_is_bounded_but_never_empty(max_bytes: int, frames: int) -> None:
    ring = Ring(floor=0, max_bytes=1_000)
    for offset in range(5):
        ring.extend([offset], [b"<%d>" % offset], 3)
    chunk = ring.take(0, 100, max_bytes)
    assert chunk is not None
    assert chunk.frames == frames


def test_the_newest_frame_is_kept_however_long_it_is() -> None:
    ring = Ring(floor=0, max_bytes=10)
    ring.extend([1], [b"x" * 8], 8)
    ring.extend([2], [b"y" * 50], 50)
    assert not ring.covers(1)
    assert ring.covers(2)
    chunk = ring.take(2, 3, 10)
    assert chunk is not None
    assert chunk.data == b"y" * 50


@given(
    steps=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40)), max_size=80),
    cursor=st.integers(0, 200),
    max_bytes=st.integers(1, 200),
)
def test_what_a_ring_covers_it_has(
    steps: list[tuple[int, int]], cursor: int, max_bytes: int
) -> None:
    ring = Ring(floor=0, max_bytes=100)
    appended: list[int] = []
    size = 0
    for step, length in steps:
        offset = (appended[-1] if appended else 0) + step
        appended.append(offset)
        size += ring.extend([offset], [b"x" * length], length)
    assert size == ring.size
    assert ring.size <= 100
    if not ring.covers(cursor):
        return
    taken: list[int] = []
    at = cursor
    while (chunk := ring.take(at, 10_000, max_bytes)) is not None:
        taken.append(chunk.frames)
        at = chunk.next_offset
    assert sum(taken) == sum(offset >= cursor for offset in appended)
