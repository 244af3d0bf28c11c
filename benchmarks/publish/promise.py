"""A figure, and what is promised of it."""

from typing import NamedTuple


class Promise(NamedTuple):
    """One line of the result."""

    name: str
    figure: float
    at_most: float

    @property
    def is_kept(self) -> bool:
        """Whether the figure is what was promised."""
        return self.figure <= self.at_most

    def __str__(self) -> str:
        return (
            f"{self.name:58}{self.figure:>9.2f}  at most {self.at_most:g}"
            f"{'' if self.is_kept else '  MISSED'}"
        )
