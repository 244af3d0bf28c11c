"""Names, options, errors and exports."""

import inspect
import re
import time
from collections.abc import Callable

import pytest

import durable_streaming.producers as sdk
from durable_streaming.producers import ProducerError, ProducerOptions, errors
from durable_streaming.producers.errors import OutcomeUnknown, raise_first
from durable_streaming.producers.identity import new_call_id, new_producer_id, new_run_id
from durable_streaming.schemas import is_run_id


def test_run_ids_are_valid_unique_and_sort_by_time() -> None:
    first = new_run_id()
    time.sleep(0.002)
    later = {new_run_id() for _ in range(1_000)}
    assert len(later) == 1_000
    assert all(is_run_id(run_id) and run_id > first for run_id in later)


@pytest.mark.parametrize("make", [new_producer_id, new_call_id])
def test_made_ids_are_unique_and_never_look_like_numbers(make: Callable[[], str]) -> None:
    made = {make() for _ in range(1_000)}
    assert len(made) == 1_000
    assert not any(re.search(r"\d[eE]\d", name) for name in made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"merge_bytes": 0},
        {"max_buffered_bytes": 0},
        {"merge_window_s": -1},
        {"answer_deadline_s": 0},
        {"when_full": "drop"},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ProducerOptions(**wrong)  # type: ignore[arg-type]


def test_the_tree_of_errors_is_drawn_whole() -> None:
    drawn = re.findall(r"^[ │├└─]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)[1:]
    classes = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if member.__module__ == errors.__name__
    ]
    assert sorted(drawn) == sorted(member.__name__ for member in classes)
    assert all(issubclass(member, ProducerError) for member in classes)


def test_exports_are_what_all_says() -> None:
    public = {
        name
        for name, member in vars(sdk).items()
        if inspect.isclass(member) and not name.startswith("_")
    }
    assert public == set(sdk.__all__)
    assert sdk.__all__ == sorted(sdk.__all__)
    assert all(issubclass(getattr(errors, n), Exception) for n in vars(errors) if n in sdk.__all__)


def test_several_errors_are_one_with_notes() -> None:
    raise_first([])
    unknown = [OutcomeUnknown(f"r{n}", [n], "late") for n in range(3)]
    with pytest.raises(OutcomeUnknown, match="r0") as caught:
        raise_first(unknown)
    assert [note[:6] for note in caught.value.__notes__] == ["and it"] * 2


def test_a_fleet_of_errors_is_not_a_page_of_them() -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        raise_first([OutcomeUnknown(f"r{n}", [0], "no answer") for n in range(500)])
    assert len(caught.value.__notes__) == 11
    assert caught.value.__notes__[-1] == "and 489 more runs with the like"
