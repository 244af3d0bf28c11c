"""What a verification saw."""

from dataclasses import dataclass, field


@dataclass(slots=True, frozen=True)
class Difference:
    """The first place where the tables are not what the log says.

    Attributes:
        byte: where the two values part; -1 where one of them is missing.
        expected: the folded value; None where there should be none.
        found: the live value; None where there is none.
    """

    run_id: str | None
    topic: str
    key: str
    byte: int
    expected: bytes | None
    found: bytes | None


@dataclass(slots=True)
class Report:
    """What a verification saw.

    Attributes:
        runs: number of runs compared.
        events: number of valid events folded.
        not_folded: number of offsets that the processors have not taken into account yet.
        expired: runs whose first records retention has removed; they can't be compared.
        differences: what was wrong, the first of each run.
        unknown: runs asked for that the log doesn't have.
    """

    runs: int = 0
    events: int = 0
    not_folded: int = 0
    expired: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
