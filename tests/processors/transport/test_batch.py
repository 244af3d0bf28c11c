from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_streaming.processors.transport import Batch, BatchLimits, FetchedRecord, split

from .records import record


@given(
    sizes=st.lists(st.integers(0, 50), max_size=60),
    limits=st.builds(BatchLimits, records=st.integers(1, 9), bytes=st.integers(1, 120)),
)
def test_every_record_is_in_one_batch_in_order_and_within_the_limits(
    sizes: list[int], limits: BatchLimits
) -> None:
    records = [record(0, offset, b"v" * size) for offset, size in enumerate(sizes)]
    batches = list(split(records, limits))
    assert [r for batch in batches for r in batch.value] == records
    for batch in batches:
        assert 1 <= len(batch.value) <= limits.records
        assert batch.serialized_value_size <= limits.bytes or len(batch.value) == 1
        assert batch.offset == batch.value[-1].offset
        assert batch.timestamp == batch.value[-1].timestamp_ms


def test_batches_are_as_large_as_the_limits_allow() -> None:
    records = [record(0, offset) for offset in range(10)]
    assert lengths(records, BatchLimits(records=4)) == [4, 4, 2]
    assert lengths(records, BatchLimits(bytes=12)) == [3, 3, 3, 1]


def test_a_record_without_key_or_value_weighs_nothing() -> None:
    empty = [
        msgspec.structs.replace(record(0, offset), key=None, value=None) for offset in range(2)
    ]
    assert lengths(empty, BatchLimits(bytes=1)) == [2]


@pytest.mark.parametrize("limits", [{"records": 0}, {"bytes": 0}])
def test_limits_that_could_hold_nothing_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        BatchLimits(**limits)


def lengths(records: Sequence[FetchedRecord], limits: BatchLimits) -> list[int]:
    batches: list[Batch] = list(split(records, limits))
    return [len(batch.value) for batch in batches]
