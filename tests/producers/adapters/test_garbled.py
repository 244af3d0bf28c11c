"""Property: whatever a provider sends, feeding never raises and gives valid events."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durable_streaming.producers.adapters import ADAPTERS, adapter_for

from .replay import bad_events, fixture

# Integers stay small enough to be added: beyond 64 bits the publisher refuses the event.
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
TERMINAL = {"run.completed", "run.failed", "run.cancelled"}


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a chunk."""
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        return []
    found = [(value, key) for key, _ in inner]
    for _, child in inner:
        found += _places(child)
    return found


@st.composite
def garbled(draw: st.DrawFn, api: str) -> list[Any]:
    """A fixture with members replaced, chunks lost, repeated and moved."""
    chunks = copy.deepcopy(fixture(api))
    for _ in range(draw(st.integers(0, 8))):
        chunk = draw(st.sampled_from(chunks))
        places = _places(chunk)
        if not places:
            continue
        container, key = draw(st.sampled_from(places))
        if isinstance(container, dict) and draw(st.booleans()):
            del container[key]
        else:
            container[key] = draw(JSON)
    order = draw(st.lists(st.integers(0, len(chunks) - 1), max_size=len(chunks)))
    return [chunks[place] for place in order] if draw(st.booleans()) else chunks


@pytest.mark.parametrize("api", sorted(ADAPTERS))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_garbled_streams(api: str, data: st.DataObject) -> None:
    adapter = adapter_for(api)
    facts = [fact for chunk in data.draw(garbled(api)) for fact in adapter.feed(chunk)]
    facts += adapter.finish()
    assert [fact.type in TERMINAL for fact in facts].count(True) == 1
    assert facts[-1].type in TERMINAL
    assert bad_events(facts) == []


@pytest.mark.parametrize("api", sorted(ADAPTERS))
@settings(max_examples=25, deadline=None)
@given(chunks=st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=4), max_size=5))
def test_any_objects(api: str, chunks: list[dict[str, Any]]) -> None:
    adapter = adapter_for(api)
    for chunk in chunks:
        adapter.feed(chunk)
    assert [fact.type for fact in adapter.finish()] == ["run.failed"]


@pytest.mark.parametrize("api", sorted(ADAPTERS))
def test_every_prefix_of_a_fixture_is_valid(api: str) -> None:
    chunks = fixture(api)
    for length in range(len(chunks)):
        adapter = adapter_for(api)
        facts = [fact for chunk in chunks[:length] for fact in adapter.feed(chunk)]
        assert bad_events(facts + adapter.finish()) == []
