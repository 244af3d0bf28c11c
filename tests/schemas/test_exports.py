import importlib

import pytest

from durable_streaming.schemas.jsonschema import export


@pytest.mark.parametrize("package", ["schemas", "eventlog"])
def test_all_is_what_is_there(package: str) -> None:
    module = importlib.import_module(f"durable_streaming.{package}")
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


def test_json_schema_names_every_event_type() -> None:
    text = str(export()["events"])
    assert "text.delta" in text
    assert "run.cancel_requested" in text
