"""Write the expected output of a new golden log: ``python -m tests.golden.write NAME``."""

from __future__ import annotations

import sys

from tests.reference.reference import reference_fold

from .cases import FOLDER, derived_lines, golden_case


def main(name: str) -> None:
    """Fold the log of this name with the reference; refuses to replace an expectation."""
    path = FOLDER / f"{name}.expected.ndjson"
    path.touch(exist_ok=False)
    case = golden_case(name)
    lines = derived_lines(reference_fold(case.records, case.partitions))
    path.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
