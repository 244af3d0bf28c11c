"""A tail never skips: holes are read again, going back ends it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

import pytest

from durable_streaming.eventlog import LogUnavailable, MemoryLog, Place, Record
from durable_streaming.gateway.errors import TailError
from durable_streaming.gateway.tail import Handover, Tail

PLACE: Place = ("events", 0)


def records(*offsets: int) -> list[Record]:
    return [Record("events", 0, offset, b"r", b"{}", 0) for offset in offsets]


class ScriptedLog(MemoryLog):
    """A log whose readers give what the script says, one batch a read, reader by reader."""

    def __init__(self, *scripts: Sequence[list[Record] | Exception]) -> None:
        super().__init__()
        self.scripts = list(scripts)
        self.opened_at: list[int] = []

    def reader(self, positions: Mapping[Place, int]) -> Any:
        self.opened_at.append(positions[PLACE])
        return ScriptedReader(list(self.scripts.pop(0)) if self.scripts else [], positions)


class ScriptedReader:
    def __init__(
        self, batches: list[list[Record] | Exception], positions: Mapping[Place, int]
    ) -> None:
        self.batches = batches
        self.positions = dict(positions)

    def read(self, timeout_s: float, max_records: int = 500) -> list[Record]:
        if not self.batches:
            threading.Event().wait(0.01)
            return []
        batch = self.batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        for record in batch:
            self.positions[PLACE] = record.offset + 1
        return batch

    def at_end(self, place: Place) -> bool:
        return not self.batches

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Taken:
    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.positions: dict[Place, int] = {}

    def take(self, batch: list[Record], positions: Mapping[Place, int]) -> None:
        self.offsets += [record.offset for record in batch]
        self.positions.update(positions)

    def due_in(self) -> float:
        return 0.2


async def follow(log: ScriptedLog, start: int = 0) -> tuple[Taken, list[BaseException]]:
    taken, failures = Taken(), list[BaseException]()
    failed = threading.Event()

    def fail(error: BaseException) -> None:
        failures.append(error)
        failed.set()

    tail = Tail("tail", log, {PLACE: start}, taken, fail)
    tail.start()
    ended: asyncio.Future[Any] = asyncio.ensure_future(asyncio.to_thread(failed.wait, 5))
    reached: asyncio.Future[Any] = tail.reached_end
    await asyncio.wait({ended, reached}, return_when=asyncio.FIRST_COMPLETED)
    failed.set()
    await ended
    tail.stop()
    assert tail.join()
    return taken, failures


async def test_records_and_positions_move_together() -> None:
    taken, failures = await follow(ScriptedLog([records(0, 1), records(2)]))
    assert (taken.offsets, taken.positions, failures) == ([0, 1, 2], {PLACE: 3}, [])


class RestlessReader(ScriptedReader):
    def at_end(self, place: Place) -> bool:
        return False


class RestlessLog(ScriptedLog):
    """A log that is written to all the time."""

    def reader(self, positions: Mapping[Place, int]) -> Any:
        return RestlessReader([records(0), records(1), records(2)], positions)


async def test_the_end_as_of_the_start_is_enough() -> None:
    taken = Taken()
    tail = Tail("tail", RestlessLog(), {PLACE: 0}, taken, lambda error: None, ends={PLACE: 2})
    tail.start()
    async with asyncio.timeout(5):
        await tail.reached_end
    assert taken.positions[PLACE] >= 2
    tail.stop()
    assert tail.join()


async def test_a_hole_that_a_second_reading_fills_loses_nothing() -> None:
    log = ScriptedLog([records(0), records(2)], [records(1, 2)])
    taken, failures = await follow(log)
    assert (taken.offsets, failures, log.opened_at) == ([0, 1, 2], [], [0, 1])


async def test_a_hole_that_is_the_logs_own_is_passed() -> None:
    log = ScriptedLog([records(0), records(2)], [records(2, 3)])
    taken, failures = await follow(log)
    assert (taken.offsets, failures, log.opened_at) == ([0, 2, 3], [], [0, 1])


async def test_a_log_that_goes_back_ends_the_tail() -> None:
    taken, failures = await follow(ScriptedLog([records(5), records(5)]), start=5)
    assert taken.offsets == [5]
    assert [type(error) for error in failures] == [TailError]


async def test_an_unavailable_log_is_tried_again_from_where_it_was() -> None:
    log = ScriptedLog([records(0), LogUnavailable("down")], [records(1)])
    taken, failures = await follow(log)
    assert (taken.offsets, failures, log.opened_at) == ([0, 1], [], [0, 1])


async def test_any_other_failure_ends_the_tail() -> None:
    _, failures = await follow(ScriptedLog([ValueError("broken")]))
    assert [type(error) for error in failures] == [ValueError]


async def test_a_handover_waits_while_the_loop_is_behind() -> None:
    applied: list[int] = []
    handover: Handover[int] = Handover(asyncio.get_running_loop(), applied.append, max_bytes=10)
    handed: list[int] = []

    def hand_over() -> None:
        for number in range(5):
            handover.put(number, 4)
            handed.append(number)

    thread = threading.Thread(target=hand_over)
    thread.start()
    thread.join(0.1)
    # The loop has not turned since: two fit below the bound.
    assert handed == [0, 1]
    await asyncio.to_thread(thread.join, 5)
    await asyncio.sleep(0)
    assert applied == [0, 1, 2, 3, 4]
    assert handover.unapplied_bytes == 0


async def test_a_batch_above_the_bound_passes_alone() -> None:
    applied: list[int] = []
    handover: Handover[int] = Handover(asyncio.get_running_loop(), applied.append, max_bytes=10)
    await asyncio.to_thread(handover.put, 1, 1_000)
    await asyncio.sleep(0)
    assert applied == [1]


async def test_a_closed_handover_lets_a_waiting_thread_go() -> None:
    handover: Handover[int] = Handover(
        asyncio.get_running_loop(), lambda _: pytest.fail("applied"), max_bytes=1
    )

    def hand_over() -> None:
        handover.put(1, 5)
        handover.put(2, 5)

    thread = threading.Thread(target=hand_over)
    thread.start()
    handover.close()
    thread.join(5)
    assert not thread.is_alive()
    await asyncio.sleep(0)
