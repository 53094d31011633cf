"""Milestones of a study, its countries and its sites: the vocabulary, and what usually waits for what.

Both are rows of data with their sources. `set_by` names the event that gives a milestone its actual date, after `@` the
kind of visit or body where only that one counts; without it the date is recorded by hand.
"""

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field

Level = Literal["study", "country", "site"]
Join = Literal["all", "any"]
LAG_DAYS_MAX: Final = 3_650


class Kind(BaseModel, frozen=True, extra="forbid"):
    """A kind of milestone at its level."""

    level: Level
    kind: str = Field(pattern=r"^[a-z][a-z_0-9]*$")

    def __str__(self) -> str:
        """As rows name it: `site.initiation_visit`."""
        return f"{self.level}.{self.kind}"


class KindRow(Kind, frozen=True):
    """A row of the vocabulary."""

    name: str = Field(min_length=1)
    set_by: str
    source: str = Field(min_length=1)
    version: int = Field(ge=1)


def _kind(value: object) -> object:
    if not isinstance(value, str):
        return value
    level, _, kind = value.partition(".")
    return {"level": level, "kind": kind}


class Dependency(BaseModel, frozen=True, extra="forbid"):
    """A milestone comes at least so many days after another: after all there are of it, or after any of them.

    A milestone of a site waits for its own site's, its country's and the study's; one above waits for those below.
    """

    predecessor: Annotated[Kind, BeforeValidator(_kind)]
    successor: Annotated[Kind, BeforeValidator(_kind)]
    lag_days: int = Field(ge=0, le=LAG_DAYS_MAX)
    join: Join = "all"


class DependencyRow(Dependency, frozen=True):
    """A row of the usual dependencies."""

    source: str = Field(min_length=1)
    version: int = Field(ge=1)


class Key(Kind, frozen=True):
    """One milestone: its kind, and where; a study's milestone is nowhere in particular."""

    country: str | None = None
    site_id: str | None = None

    @property
    def kind_of(self) -> Kind:
        """Its kind at its level."""
        return Kind(level=self.level, kind=self.kind)

    @property
    def is_placed(self) -> bool:
        """Whether it says as much of its place as its level asks for, and no more."""
        return (self.country is not None) == (self.level != "study") and (self.site_id is not None) == (
            self.level == "site"
        )

    def words(self) -> str:
        """What it is, for people."""
        place = self.site_id or self.country
        return self.kind.replace("_", " ") + (f" of {place}" if place else "")


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files("sites.domain").joinpath(name).read_text("utf-8").splitlines()))


KINDS: Final[Mapping[Kind, KindRow]] = {
    Kind(level=row.level, kind=row.kind): row
    for row in (KindRow.model_validate(one) for one in _rows("milestone_kinds.csv"))
}
USUAL: Final = tuple(DependencyRow.model_validate(row) for row in _rows("milestone_dependencies.csv"))
assert all({one.predecessor, one.successor} <= KINDS.keys() for one in USUAL), "dependencies are between known kinds"
_SET_BY: Final = {
    event: [row for row in KINDS.values() if row.set_by == event] for event in {row.set_by for row in KINDS.values()}
}


def reached_by(event: str, kind: str | None) -> list[KindRow]:
    """The milestones to which an event of this type, about a visit or body of this kind, gives their actual date."""
    return [*_SET_BY.get(event, ()), *_SET_BY.get(f"{event}@{kind}", ())]
