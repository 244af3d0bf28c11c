"""Reading ahead is bounded, and nothing waits that need not."""

import threading
import time
from collections.abc import Iterator

from durable_streaming.producers.inbox import Inbox


def drained(inbox: Inbox) -> list[bytes]:
    lines = []
    while not inbox.is_over:
        inbox.wait()
        while (line := inbox.peek()) is not None:
            lines.append(line)
            inbox.drop()
    return lines


def settled(count: list[int]) -> int:
    """Wait until the reader has stopped reading; gives how much it has read."""
    seen = -1
    while seen != count[0] or not seen:
        seen = count[0]
        time.sleep(0.1)
    return seen


def counted(lines: Iterator[bytes], count: list[int]) -> Iterator[bytes]:
    for line in lines:
        count[0] += 1
        yield line


def test_lines_come_in_order_and_whole() -> None:
    lines = [b"%d" % n for n in range(5_000)]
    assert drained(Inbox(lines)) == lines


def test_no_more_than_a_thousand_lines_are_read_ahead() -> None:
    count = [0]
    inbox = Inbox(counted((b"-" for _ in range(50_000)), count))
    assert settled(count) <= 1_001
    assert len(drained(inbox)) == 50_000


def test_long_lines_are_read_ahead_by_their_bytes() -> None:
    count = [0]
    inbox = Inbox(counted((b"-" * 1_000_000 for _ in range(50)), count))
    assert settled(count) <= 6
    assert len(drained(inbox)) == 50


def test_the_bell_wakes_who_waits_for_lines() -> None:
    silent = threading.Event()

    def nothing() -> Iterator[bytes]:
        silent.wait(30)
        yield from ()

    inbox = Inbox(nothing())
    threading.Timer(0.05, inbox.ring).start()
    inbox.wait()
    assert inbox.peek() is None
    assert not inbox.is_over
    silent.set()
    inbox.wait()
    assert inbox.is_over


def test_a_closed_inbox_lets_its_thread_go() -> None:
    before = threading.active_count()
    inbox = Inbox(b"-" for _ in range(50_000))
    inbox.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
