"""Old logs mean what they meant: to the reference, and to the product."""

from __future__ import annotations

import json

import pytest

from tests.reference.canonical_json import canonical_json
from tests.reference.generators.logs import GeneratedLog
from tests.reference.real_fold import Shell
from tests.reference.reference import reference_fold

from .cases import FOLDER, GoldenCase, derived_lines, golden_case, golden_names


@pytest.fixture(params=golden_names())
def case(request: pytest.FixtureRequest) -> GoldenCase:
    return golden_case(request.param)


def test_the_reference_derives_what_was_reviewed(case: GoldenCase) -> None:
    assert derived_lines(reference_fold(case.records, case.partitions)) == case.expected


def test_the_product_derives_what_was_reviewed(case: GoldenCase) -> None:
    partition = case.records[0].partition
    committed = Shell(GeneratedLog(partition, case.partitions, case.records)).run()
    expected = [json.loads(line) for line in case.expected]
    values = {
        (line["topic"], line["key"].encode()): canonical_json(line["value"])
        for line in expected
        if line["topic"] in ("drafts", "packets", "reconciliations") and line["value"] is not None
    }
    assert committed.compared == values
    reasons = [line["headers"] for line in expected if line["topic"] == "dead_letters"]
    assert [letter.headers for letter in committed.letters] == reasons
    forwarded = [line["value"] for line in expected if line["topic"] == "control"]
    assert [json.loads(value) for _, value in committed.control] == forwarded


def test_every_log_has_its_expectation_and_its_description() -> None:
    logs = [*FOLDER.glob("*.events.ndjson"), *FOLDER.glob("*.records.ndjson")]
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert sorted(path.name.split(".")[0] for path in logs) == golden_names()
    assert [name for name in golden_names() if f"| `{name}` |" not in readme] == []
