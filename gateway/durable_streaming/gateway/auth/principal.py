"""Whoever asks, and the runs that are theirs to see and to cancel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

_TAG = "tag:"


@dataclass(slots=True, frozen=True)
class Grants:
    """The claim `runs`: exact ids, `prefix*`, or `tag:key=value`."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    tags: frozenset[tuple[str, str]]

    @classmethod
    def read(cls, claims: Iterable[str]) -> Self:
        """Sort them by kind; a run id holds neither `*` nor `=`, so no two kinds meet."""
        exact: set[str] = set()
        prefixes: list[str] = []
        tags: set[tuple[str, str]] = set()
        for claim in claims:
            key, equals, value = claim.removeprefix(_TAG).partition("=")
            if claim.startswith(_TAG) and equals:
                tags.add((key, value))
            elif claim.endswith("*"):
                prefixes.append(claim[:-1])
            else:
                exact.add(claim)
        return cls(frozenset(exact), tuple(sorted(prefixes)), frozenset(tags))

    def write(self) -> list[str]:
        """Give them back as a claim."""
        return [
            *sorted(self.exact),
            *(f"{prefix}*" for prefix in self.prefixes),
            *(f"{_TAG}{key}={value}" for key, value in sorted(self.tags)),
        ]

    def cover(self, run_id: str, tags: Mapping[str, str]) -> bool:
        """Say whether a run is among them."""
        return (
            run_id in self.exact
            or run_id.startswith(self.prefixes)
            or any(tags.get(key) == value for key, value in self.tags)
        )


@dataclass(slots=True, frozen=True)
class Principal:
    """Somebody, as of the credential that they showed.

    Attributes:
        subject: their name; None where nobody is asked for one.
        grants: the runs that are theirs; None for all.
        only: the runs that a ticket narrows this to; None for no narrowing.
        expires_at: wall clock, seconds; None for never.
        key_id: which key the credential was signed with, so that it ends with its key.
    """

    subject: str | None
    grants: Grants | None
    only: frozenset[str] | None = None
    expires_at: float | None = None
    key_id: str | None = None

    def may_see(self, run_id: str, tags: Mapping[str, str]) -> bool:
        """Say whether a run is theirs.

        Args:
            run_id: of the run.
            tags: of the run, as far as they are known.
        """
        if self.only is not None and run_id not in self.only:
            return False
        return self.grants is None or self.grants.cover(run_id, tags)

    def narrowed(self, run_ids: Iterable[str]) -> Principal:
        """Give the same principal with these runs at most."""
        return replace(self, only=frozenset(run_ids))


ANYONE = Principal(None, None)
"""Whoever asks a gateway that does not ask who they are."""
