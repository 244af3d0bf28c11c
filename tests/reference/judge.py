"""Which record of the events topic is a valid event, and why another one is not."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .event_fields import NotAnEvent, check_data, check_envelope
from .json_text import Malformed, read_json

MAX_EVENT_BYTES = 1_000_000
STRIPPED_BYTES = b" \t\r\n"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


class Judgement(NamedTuple):
    """``reason`` is ``ok`` with the decoded event, or a bad record's slug with None."""

    reason: str
    event: dict[str, Any] | None


def reference_judge(
    value: bytes | None, key: bytes | None, partition: int, partitions: int
) -> Judgement:
    """Judge one record by every rule of the protocol, in the protocol's order."""
    stripped = (value or b"").strip(STRIPPED_BYTES)
    if stripped == b"":
        return Judgement("empty", None)
    if len(stripped) > MAX_EVENT_BYTES:
        return Judgement("too_large", None)
    try:
        text = stripped.decode("utf-8")
    except UnicodeDecodeError:
        return Judgement("bad_text", None)
    if text.startswith("\ufeff") or min(stripped) < 0x20:
        return Judgement("bad_text", None)
    try:
        event = read_json(text)
    except Malformed as malformed:
        return Judgement(malformed.reason, None)
    if not isinstance(event, dict):
        return Judgement("not_an_event", None)
    version = event.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        return Judgement("not_an_event", None)
    if version != 1:
        return Judgement("unsupported_version", None)
    run_id = event.get("run_id")
    if not isinstance(run_id, str) or _RUN_ID.fullmatch(run_id) is None:
        return Judgement("not_an_event", None)
    if key != run_id.encode("ascii"):
        return Judgement("wrong_key", None)
    if murmur2_partition(key, partitions) != partition:
        return Judgement("wrong_partition", None)
    try:
        check_envelope(event)
        check_data(event)
    except NotAnEvent:
        return Judgement("not_an_event", None)
    return Judgement("ok", event)


def murmur2_partition(key: bytes, partitions: int) -> int:
    """Where Kafka's Java client puts ``key``: murmur2, made positive, modulo the partitions."""
    word_mask = 0xFFFFFFFF
    multiplier = 0x5BD1E995
    hashed = (0x9747B28C ^ len(key)) & word_mask
    whole_words = len(key) // 4
    for index in range(whole_words):
        word = int.from_bytes(key[index * 4 : index * 4 + 4], "little")
        word = (word * multiplier) & word_mask
        word ^= word >> 24
        word = (word * multiplier) & word_mask
        hashed = ((hashed * multiplier) & word_mask) ^ word
    rest = key[whole_words * 4 :]
    if rest:
        hashed ^= int.from_bytes(rest, "little")
        hashed = (hashed * multiplier) & word_mask
    hashed ^= hashed >> 13
    hashed = (hashed * multiplier) & word_mask
    hashed ^= hashed >> 15
    return (hashed & 0x7FFFFFFF) % partitions
