"""Kafka's HTML becomes entries, word for word."""

import pytest

from examples.kafka_guide.parse import merged, parse_errors, parse_settings
from examples.kafka_guide.sentences import sentences
from tests.examples.documentation import ERRORS_HTML, SAME_ELSEWHERE_HTML, SETTINGS_HTML


def test_a_setting_has_its_blocks_and_facts() -> None:
    safety, keep = parse_settings(SETTINGS_HTML)
    assert safety.entry_id == "producerconfigs_safety"
    assert safety.name == "safety"
    assert safety.components == ("producer",)
    assert safety.blocks == (
        "How safe a write is. It has two levels:",
        "safety=low: The writer does not wait for a copy. A copy may be lost.",
        "safety=high: The writer waits for every copy (e.g. three of them). "
        "Nothing is lost & nothing is guessed.",
        "Note that this needs copies.min to be above 1.",
    )
    assert safety.default == "high"
    assert safety.heading == "safety (producer setting, default high)"
    assert keep.blocks == (
        "How long a record is kept before it is removed.",
        "A value of -1 keeps it for ever.",
    )
    assert keep.default is None
    assert keep.heading == "keep.ms (topic setting)"


def test_an_error_has_its_code_and_one_without_description_is_left_out() -> None:
    (error,) = parse_errors(ERRORS_HTML)
    assert error.entry_id == "errors_COPY_LOST"
    assert error.text == "A copy was lost before the write was safe."
    assert error.heading == "COPY_LOST (error 7, retriable)"


def test_what_two_components_say_alike_is_kept_once() -> None:
    twice = parse_settings(SETTINGS_HTML) + parse_settings(SAME_ELSEWHERE_HTML)
    safety, keep = merged(twice)
    assert safety.entry_id == "producerconfigs_safety"
    assert safety.components == ("producer", "consumer")
    assert keep.components == ("topic",)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("A value (e.g. 3) is fine. Next.", ["A value (e.g. 3) is fine.", "Next."]),
        ("Set log.retention.ms to 3.5. Done.", ["Set log.retention.ms to 3.5.", "Done."]),
        ("No space (if enabled).This can be.", ["No space (if enabled).", "This can be."]),
        ("Calls NetworkClient.poll only.", ["Calls NetworkClient.poll only."]),
        ("no end mark", ["no end mark"]),
    ],
)
def test_sentences(block: str, expected: list[str]) -> None:
    assert sentences(block) == expected
