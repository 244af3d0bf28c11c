"""The fold that QuixStreams and the bare loop do: what any hand-written one would, and no more.

Sequence, length, and the text in chunks as this project keeps it; no validation, no duplicates by
content, no plan, no packets, no verdict.
"""

from typing import Any, Final, TypedDict

CHUNK_CODE_POINTS: Final = 2_048


class Head(TypedDict):
    """The fold of one run."""

    next_seq: int
    count: int
    length: int
    chunks: int
    tail: str
    status: str


def new_head() -> Head:
    """Give the fold of no records."""
    return Head(next_seq=0, count=0, length=0, chunks=0, tail="", status="running")


def fold_event(head: Head, event: dict[str, Any]) -> str | None:
    """Change the head by an event; give the chunk that it sealed, if it did."""
    if event["seq"] < head["next_seq"]:
        return None
    head["next_seq"] = event["seq"] + 1
    head["count"] += 1
    kind = event["type"]
    if kind == "text.delta":
        text = event["data"]["text"]
        head["length"] += len(text)
        head["tail"] += text
        if len(head["tail"]) >= CHUNK_CODE_POINTS:
            sealed, head["tail"] = head["tail"], ""
            head["chunks"] += 1
            return sealed
    elif kind == "run.completed":
        head["status"] = "completed"
    return None
