"""Batches of all partitions take turns, through Faust's own scheduler."""

from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP

from durable_streaming.processors.transport import BatchLimits, split

from .records import record


def test_a_partition_with_much_to_read_does_not_hold_up_the_others() -> None:
    limits = BatchLimits(records=10)
    fetched = {
        TP("source", 0): list(split([record(0, n) for n in range(1_000)], limits)),
        TP("source", 1): list(split([record(1, n) for n in range(5)], limits)),
        TP("source", 2): list(split([record(2, n) for n in range(20)], limits)),
    }
    scheduler = DefaultSchedulingStrategy()  # type: ignore[abstract]  # not at run time
    order = [tp.partition for tp, _ in scheduler.iterate(fetched)]
    assert order[:3] == [0, 1, 2]
    assert order.index(1) < 3
    # Both batches of the third are out before the first had its third turn.
    assert [n for n, p in enumerate(order) if p == 2][-1] < [
        n for n, p in enumerate(order) if p == 0
    ][2]
    assert len(order) == 100 + 1 + 2
