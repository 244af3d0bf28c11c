"""The fields of an event beyond its form: envelope and data, type by type."""

from __future__ import annotations

from typing import Any

from .field_checks import (
    Check,
    distinct_parts,
    identity,
    list_of,
    natural,
    natural_or_minus_one,
    non_empty,
    number,
    offset,
    one_of,
    rfc3339,
    sha256_hex,
    string,
    tags,
    usage,
)

KNOWN_CONTROL_TYPES = ("run.timed_out", "run.cancel_requested", "run.resumed")
KNOWN_PRODUCER_TYPES = (
    "run.started",
    "plan.created",
    "step.started",
    "step.completed",
    "text.delta",
    "reasoning.delta",
    "tool.called",
    "tool.returned",
    "source.added",
    "run.waiting",
    "quality.checked",
    "run.completed",
    "run.failed",
    "run.cancelled",
)
TERMINAL_STATUS = {
    "run.completed": "completed",
    "run.failed": "failed",
    "run.cancelled": "cancelled",
}


class NotAnEvent(Exception):
    """A required field is missing, or a known one is not what it has to be."""


def is_control(event_type: str) -> bool:
    """True for what says something about a run from outside its sequence."""
    return event_type in KNOWN_CONTROL_TYPES or event_type.startswith("control.")


def is_known(event_type: str) -> bool:
    """True for the types whose data the protocol describes."""
    return event_type in KNOWN_CONTROL_TYPES or event_type in KNOWN_PRODUCER_TYPES


def need(fields: dict[str, Any], name: str, check: Check) -> None:
    """A field that must be there; null is as absent."""
    if fields.get(name) is None or not check(fields[name]):
        raise NotAnEvent(name)


def may(fields: dict[str, Any], name: str, check: Check) -> None:
    """A field that may be there; null is as absent."""
    if fields.get(name) is not None and not check(fields[name]):
        raise NotAnEvent(name)


def check_envelope(event: dict[str, Any]) -> None:
    """Everything at the top level but schema_version, run_id and data.

    Raises:
        NotAnEvent: Where the envelope breaks a rule.
    """
    need(event, "type", non_empty)
    need(event, "time", rfc3339)
    event_type = event["type"]
    if is_control(event_type) and event.get("seq") is not None:
        raise NotAnEvent("seq")
    if not is_control(event_type):
        need(event, "seq", natural)
    # Other control events have no producer: what they carry under these names is unknown to them.
    if not is_control(event_type) or event_type == "run.resumed":
        need(event, "producer_id", identity)
        need(event, "producer_epoch", natural)


def check_data(event: dict[str, Any]) -> None:
    """The data of a known type; that of any other type is free.

    Raises:
        NotAnEvent: Where the data breaks a rule.
    """
    if not is_known(event["type"]):
        return
    data = event.get("data")
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise NotAnEvent("data")
    _check_known(event["type"], data)


def _check_known(event_type: str, data: dict[str, Any]) -> None:
    if event_type == "run.started":
        need(data, "agent", string)
        for name in ("title", "model"):
            may(data, name, string)
        for name in ("thread_id", "parent_run_id"):
            may(data, name, identity)
        may(data, "tags", tags)
    elif event_type == "plan.created":
        need(data, "revision", natural)
        need(data, "steps", list_of(lambda step: isinstance(step, dict)))
        for step in data["steps"]:
            need(step, "step_id", identity)
            need(step, "title", string)
            may(step, "depends_on", list_of(identity))
    elif event_type == "step.started":
        need(data, "step_id", identity)
        may(data, "title", string)
        may(data, "attempt", natural)
    elif event_type == "step.completed":
        need(data, "step_id", identity)
        need(data, "status", one_of("succeeded", "failed", "skipped"))
        may(data, "summary", string)
        may(data, "error", string)
    elif event_type in ("text.delta", "reasoning.delta"):
        need(data, "text", non_empty)
        may(data, "part", natural)
    elif event_type == "tool.called":
        need(data, "call_id", identity)
        need(data, "name", string)
        may(data, "step_id", identity)
        if "arguments" not in data:
            raise NotAnEvent("arguments")
    elif event_type == "tool.returned":
        need(data, "call_id", identity)
        may(data, "error", string)
        if "output" not in data and data.get("error") is None:
            raise NotAnEvent("output")
    elif event_type == "source.added":
        need(data, "source_id", identity)
        need(data, "kind", one_of("url", "document"))
        for name in ("url", "title", "snippet"):
            may(data, name, string)
        may(data, "cited", list_of(lambda entry: isinstance(entry, dict)))
        for entry in data.get("cited") or []:
            need(entry, "start", natural)
            need(entry, "end", natural)
    elif event_type == "run.waiting":
        need(data, "for", one_of("approval", "input", "other"))
        may(data, "detail", string)
    elif event_type == "quality.checked":
        need(data, "check", string)
        need(data, "verdict", one_of("pass", "warn", "fail"))
        may(data, "score", number)
        may(data, "detail", string)
    elif event_type in TERMINAL_STATUS:
        _check_terminal(event_type, data)
    elif event_type == "run.timed_out":
        need(data, "idle_seconds", number)
        need(data, "last_seq", natural_or_minus_one)
        need(data, "last_epoch", natural_or_minus_one)
    elif event_type == "run.cancel_requested":
        may(data, "requested_by", string)
        may(data, "reason", string)
        may(data, "seen_offset", offset)


def _check_terminal(event_type: str, data: dict[str, Any]) -> None:
    if event_type == "run.failed":
        need(data, "error", lambda error: isinstance(error, dict))
        need(data["error"], "type", string)
        need(data["error"], "message", string)
    if event_type == "run.cancelled":
        may(data, "reason", string)
    may(data, "usage", usage)
    may(data, "answer", lambda answer: isinstance(answer, dict))
    answer = data.get("answer")
    if answer is None:
        return
    may(answer, "text", string)
    claimed_by_digest = need if answer.get("text") is None else may
    claimed_by_digest(answer, "length", natural)
    claimed_by_digest(answer, "sha256", sha256_hex)
    may(answer, "parts", distinct_parts)
    may(answer, "source_ids", list_of(identity))
