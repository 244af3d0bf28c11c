"""The frames as bytes: WebSocket framing around JSON, built once and shared by all viewers.

Event frames are spliced, not serialised: the stored event travels byte for byte.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from durable_streaming.schemas import ResumeToken, Slug, canonical

_TEXT_FINAL = 0x81
_EVENT = b'{"type":"event",'
_ONE_BYTE_LENGTH = 126
_TWO_BYTE_LENGTH = 65_536
_TWO_BYTE_HEAD: Final = struct.Struct(">BBH").pack


class Chunk(NamedTuple):
    """Frames of consecutive events of a run, joined.

    Attributes:
        next_offset: one past the last event in it.
        frames: how many there are.
    """

    data: bytes
    next_offset: int
    frames: int


def text_frame(payload: bytes) -> bytes:
    """Frame one text message as a server sends it: unmasked, unfragmented (RFC 6455, 5.2)."""
    return _frame_head(len(payload)) + payload


def _frame_head(size: int) -> bytes:
    if size < _ONE_BYTE_LENGTH:
        return bytes((_TEXT_FINAL, size))
    if size < _TWO_BYTE_LENGTH:
        return _TWO_BYTE_HEAD(_TEXT_FINAL, 126, size)
    return bytes((_TEXT_FINAL, 127)) + size.to_bytes(8, "big")


def payloads(frames: bytes) -> Iterator[bytes]:
    """Take joined text frames apart again."""
    at = 0
    while at < len(frames):
        size, head = frames[at + 1], 2
        if size == _ONE_BYTE_LENGTH:
            size, head = int.from_bytes(frames[at + 2 : at + 4], "big"), 4
        elif size > _ONE_BYTE_LENGTH:
            size, head = int.from_bytes(frames[at + 2 : at + 10], "big"), 10
        yield frames[at + head : at + head + size]
        at += head + size


def entries(chunk: Chunk) -> Iterator[bytes]:
    """Give a chunk's events as a replay hands them out: offset, token, the stored bytes."""
    for payload in payloads(chunk.data):
        yield b"{" + payload[len(_EVENT) :]


class Tokens:
    """Resume tokens of one incarnation of the events topic, cheap to make in masses."""

    def __init__(self, epoch: str, partitions: int) -> None:
        self.epoch = epoch
        self.partitions = partitions
        prefixes = (str(ResumeToken(epoch, p, 0))[:-1] for p in range(partitions))
        self._heads = [
            b'%b"offset":%%d,"token":"%b%%d","event":'
            % (_EVENT, prefix.replace("%", "%%").encode())
            for prefix in prefixes
        ]

    def at(self, partition: int, next_offset: int) -> str:
        """Write the token of a position."""
        return str(ResumeToken(self.epoch, partition, next_offset))

    def event_frame(self, partition: int, offset: int, event: bytes) -> bytes:
        """Write one event as a WebSocket frame."""
        head = self._heads[partition] % (offset, offset + 1)
        return b"%b%b%b}" % (_frame_head(len(head) + len(event) + 1), head, event)


def subscribed(run_id: str, outcome: str, token: str, head: str) -> bytes:
    """A subscription begins."""
    return _control(type="subscribed", run_id=run_id, outcome=outcome, token=token, head=head)


def caught_up(run_id: str, token: str) -> bytes:
    """Nothing more now."""
    return _control(type="caught_up", run_id=run_id, token=token)


def closed(run_id: str, status: str, verdict: str, token: str) -> bytes:
    """The run ended and all of it was delivered."""
    return _control(type="closed", run_id=run_id, status=status, verdict=verdict, token=token)


def lagging(run_id: str, events: int) -> bytes:
    """This viewer is slow; nothing is lost."""
    return _control(type="lagging", run_id=run_id, events=events)


def unsubscribed(run_id: str) -> bytes:
    """The subscription is over, as asked."""
    return _control(type="unsubscribed", run_id=run_id)


def run(entry: dict[str, Any]) -> bytes:
    """A run list entry that changed."""
    return _control(type="run", **entry)


def done(kind: Literal["authenticated", "watching", "unwatched"]) -> bytes:
    """What was asked for is done."""
    return _control(type=kind)


def heartbeat(time: str) -> bytes:
    """The connection lives."""
    return _control(type="heartbeat", time=time)


def error(
    code: Slug, message: str, *, run_id: str | None = None, token: str | None = None
) -> bytes:
    """What was refused, and why."""
    frame: dict[str, Any] = {"type": "error", "code": code, "message": message}
    if run_id is not None:
        frame["run_id"] = run_id
    if token is not None:
        frame["token"] = token
    return _control(**frame)


def _control(**members: Any) -> bytes:
    return text_frame(canonical(members))
