"""What every contender publishes: the words of many answers, one run after the other's word."""

from collections.abc import Iterator
from typing import Final

RUNS: Final = 50
"""How many answers stream at once."""

_WORDS: Final = (
    *("with ", "the ", "broker ", "a ", "partition ", "of ", "an ", "offset ", "is ", "read "),
    *("consumer ", "group ", "und ", "naïve ", "replication, ", "then "),
)
"""About 6 bytes a token, as language models give them."""


def run_ids() -> list[str]:
    """Give the ids of the runs."""
    return [f"run-{number:04}-benchmark" for number in range(RUNS)]


def tokens(count: int) -> Iterator[tuple[int, str]]:
    """Give `count` tokens, each with the number of the run that it belongs to."""
    for number in range(count):
        yield number % RUNS, _WORDS[(number * 7 + number // RUNS) % len(_WORDS)]
