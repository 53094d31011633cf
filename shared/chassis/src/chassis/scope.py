"""What a caller may see: sponsors and studies. No store can be read without a `Scope`.

A scope is computed once for a request from the verified token and becomes part of every MongoDB filter,
because list queries have to be limited where the data is read and not after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

ALL_SPONSORS = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """The sponsors and studies which one piece of work may touch.

    `None` means no limit; an empty set sees nothing. Both limits hold together: an object is visible when its
    sponsor *and* its study are inside.
    """

    sponsors: frozenset[str] | None
    studies: frozenset[str] | None

    @classmethod
    def everything(cls) -> Self:
        """No limit at all: only for the platform's own work (consumers, projections), never for a caller."""
        return cls(sponsors=None, studies=None)

    @classmethod
    def of(cls, sponsors: Iterable[str], studies: Iterable[str] | None = None) -> Self:
        """Limit to sponsor ids (`*` among them lifts the limit) and, where given, to study ids as well."""
        named = frozenset(sponsors)
        return cls(
            sponsors=None if ALL_SPONSORS in named else named,
            studies=None if studies is None else frozenset(studies),
        )

    def filter(self) -> dict[str, dict[str, list[str]]]:
        """Give the MongoDB filter on the top-level `sponsor` and `study`; empty only without a limit."""
        limits = {"sponsor": self.sponsors, "study": self.studies}
        return {field: {"$in": sorted(ids)} for field, ids in limits.items() if ids is not None}

    def allows(self, sponsor: str, study: str | None) -> bool:
        """Decide for one object as `filter` does; a study limit hides an object without a study."""
        return _inside(sponsor, self.sponsors) and _inside(study, self.studies)

    def narrowed(self, sponsors: Iterable[str] | None = None, studies: Iterable[str] | None = None) -> Self:
        """Give a scope that is limited further, as by a request's filters; a scope can never be widened."""
        return type(self)(sponsors=_cut(self.sponsors, sponsors), studies=_cut(self.studies, studies))


def _inside(identifier: str | None, limit: frozenset[str] | None) -> bool:
    return limit is None or identifier in limit


def _cut(limit: frozenset[str] | None, wanted: Iterable[str] | None) -> frozenset[str] | None:
    if wanted is None:
        return limit
    return frozenset(wanted) if limit is None else limit & frozenset(wanted)
