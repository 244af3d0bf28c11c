"""Positions in the log as the outside writes them: strict offsets and resume tokens.

Negative offsets are magic in Kafka clients (-1 is the end, -2 the beginning), and `int()` accepts
signs, spaces, underscores and other scripts' digits, so nothing but ASCII digits gets in here.
"""

import re
from typing import NamedTuple, Self

MAX_OFFSET = 2**63 - 1

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,18})", re.ASCII)


def parse_offset(text: str) -> int:
    """Read an offset, 0 to 2^63-1, from ASCII digits without leading zeros.

    Raises:
        ValueError: `text` is anything else.
    """
    if _NUMBER.fullmatch(text) is None or int(text) > MAX_OFFSET:
        raise ValueError(f"{text[:40]!r} is no offset: write 0 to {MAX_OFFSET} in plain digits")
    return int(text)


class ResumeToken(NamedTuple):
    """Where a reader goes on: `<epoch>.<partition>.<next offset>`, opaque to clients.

    `epoch` names this incarnation of the topic, so that a recreated topic, whose offsets start
    again, is noticed. `next_offset` is the first position not read yet.
    """

    epoch: str
    partition: int
    next_offset: int

    def __str__(self) -> str:
        """The token as it travels."""
        return f"{self.epoch}.{self.partition}.{self.next_offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token.

        Raises:
            ValueError: `text` is no token.
        """
        match = _TOKEN.fullmatch(text)
        if match is None or int(match[3]) > MAX_OFFSET or int(match[2]) > 2**31 - 1:
            raise ValueError(
                f"{text[:80]!r} is no resume token: pass one exactly as it was handed out"
            )
        return cls(match[1], int(match[2]), int(match[3]))
