"""What verifying finds: each flaw with the entry it concerns, in an order whose first is the place to look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

AFTER_ALL: Final = 2**62


@dataclass(frozen=True)
class Finding:
    """One flaw. `code` is stable, `place` is checkpoint and place in it: what comes first was sealed first."""

    code: str
    detail: str
    entry: str | None = None
    subject: str | None = None
    version: int | None = None
    place: tuple[int, int] = (AFTER_ALL, 0)

    @property
    def text(self) -> str:
        """A sentence for people, with all that names the entry."""
        about = f" ({self.subject}, version {self.version})" if self.subject else ""
        entry = f"entry {self.entry}{about}: " if self.entry else ""
        sealed = f" [checkpoint {self.place[0]}]" if self.place[0] not in {0, AFTER_ALL} else ""
        return f"{entry}{self.detail}{sealed}"


@dataclass(frozen=True)
class Report:
    """One service, verified: what was looked at, and every flaw, the first bad one first."""

    service: str
    checkpoints: int
    entries: int
    sealed: int
    newest: str | None = None
    findings: Sequence[Finding] = field(default_factory=tuple[Finding, ...])

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def first(self) -> Finding | None:
        """The first bad entry, or the first bad checkpoint."""
        return self.findings[0] if self.findings else None


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By place, and by version where the place is the same."""
    return tuple(sorted(findings, key=lambda one: (one.place, one.version or 0)))
