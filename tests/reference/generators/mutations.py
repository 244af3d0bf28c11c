"""Generated near-events: valid ones in which a few members are replaced, removed or added."""

from __future__ import annotations

import copy
from typing import Any

from .choice import Chooser
from .claims import terminal_event
from .encoding import encode
from .event_data import any_event
from .runs import TIME_OUT, Author, RunWriter

REMOVED = object()
# Values at and beyond the limits of some field, and of every JSON type.
REPLACEMENTS: tuple[Any, ...] = (
    REMOVED,
    None,
    "",
    "a",
    0,
    1,
    -1,
    -2,
    1.0,
    0.5,
    -0.0,
    2**53 - 1,
    2**53,
    2**63 - 1,
    True,
    [],
    {},
    [None],
    [""],
    [0],
    [0, 1],
    [1, 1],
    [1, 1.0],
    [-1],
    [{}],
    ["😀" * 256],
    ["😀" * 257],
    "😀" * 100,
    "😀" * 101,
    "😀" * 256,
    "😀" * 257,
    {"a": "b"},
    {"a": 1},
    {"": "😀" * 100},
    {str(number): "" for number in range(50)},
    {str(number): "" for number in range(51)},
    {"a": "é" * 2044},
    {"a": "é" * 2045},
    "f" * 64,
    "F" * 64,
    "0" * 63,
    "succeeded",
    "skipped",
    "url",
    "document",
    "pass",
    "approval",
    "run.started",
    "run.completed",
    "run.resumed",
    "run.timed_out",
    "run.cancel_requested",
    "control.a",
    "x.a",
    "custom",
    "2026-11-23T15:40:27Z",
    "2024-02-29T23:59:59.999999999+14:00",
    "2023-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2026-11-23T15:40:60.5Z",
    "2026-11-23T15:40:27.5z",
    "2026-11-23T15:40:27\u0661Z",
)


def near_event(chooser: Chooser, run_id: str) -> bytes:
    """The value of a record that is an event, or would be one but for a member or two."""
    writer = RunWriter(chooser, run_id)
    kind = chooser.integer(0, 9)
    if kind <= 6:
        event = writer.producer_event(chooser.integer(0, 3), any_event(chooser), Author())
    elif kind == 7:
        event = writer.producer_event(1, terminal_event(chooser, []), Author())
    else:
        data: Any = {"idle_seconds": 1, "last_seq": 1, "last_epoch": -1, "seen_offset": 2**63 - 1}
        event = writer.event(
            chooser.pick(("run.resumed", "run.cancel_requested", "control.a", TIME_OUT)),
            chooser.pick((data, {}, None, [], 1)),
            producer_id="p",
            producer_epoch=0,
        )
    # Deep, because generated events share their materials.
    event = copy.deepcopy(event)
    for _ in range(chooser.integer(0, 2)):
        _replace_somewhere(chooser, event)
    return encode(chooser, event)


def _replace_somewhere(chooser: Chooser, event: dict[str, Any]) -> None:
    """Replace a member of the event or of its data; run_id and version are judged elsewhere."""
    container: Any = event
    while True:
        # Known names too, so that a field gets a value where it had none.
        extra = () if container is event else ("parts", "source_ids", "cited", "error", "usage")
        names = [n for n in (*_names(container), *extra) if n not in ("run_id", "schema_version")]
        if not names:
            return
        name = chooser.pick(names)
        inner = _get(container, name)
        if isinstance(inner, dict | list) and inner and chooser.chance(75):
            container = inner
            continue
        _set(container, name, chooser.pick(REPLACEMENTS))
        return


def _names(container: Any) -> list[Any]:
    return list(container) if isinstance(container, dict) else list(range(len(container)))


def _get(container: Any, name: Any) -> Any:
    return container.get(name) if isinstance(container, dict) else _item(container, name)


def _item(container: list[Any], index: Any) -> Any:
    return container[index] if isinstance(index, int) else None


def _set(container: Any, name: Any, value: Any) -> None:
    if isinstance(container, dict):
        if value is REMOVED:
            container.pop(name, None)
        else:
            container[name] = copy.deepcopy(value)
    elif isinstance(name, int):
        container[name] = None if value is REMOVED else copy.deepcopy(value)
