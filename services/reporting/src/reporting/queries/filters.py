"""What lists can be narrowed by. A filter never widens what the caller may see: it is applied within the scope."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from chassis.http.fields import Code, CountryCode, Name
from chassis.scope import Scope
from contracts import sponsor_id
from contracts.sites import StudyPhase, StudyStatus
from kernel import BusinessTime, bounds
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reporting.projections.timeline import instant_text

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class StudyFilter(BaseModel):
    """Filters of the list of studies; all that are given hold together."""

    model_config = ConfigDict(frozen=True)

    registry_id: Code | None = Field(default=None, description="Registry number such as NCT01234567")
    protocol_number: Code | None = None
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    status: StudyStatus | None = None
    phase: StudyPhase | None = None
    country: CountryCode | None = Field(
        default=None, description="ISO 3166-1 alpha-2: with sites there, or planned there"
    )
    q: Name | None = Field(default=None, description="Text in title, protocol number, registry ids or sponsor's name")

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor asked for."""
        return of_sponsor(scope, self.sponsor)

    def condition(self) -> dict[str, Any]:
        """The MongoDB condition on study rows, without sponsor and country."""
        asked = {
            "registry_ids": self.registry_id,
            "protocol_number": self.protocol_number,
            "status": self.status,
            "phase": self.phase,
        }
        found = {field: value for field, value in asked.items() if value is not None}
        return found if self.q is None else {**found, "search": {"$regex": re.escape(self.q.casefold())}}


class EntryFilter(BaseModel):
    """Filters of timeline entries; all that are given hold together."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    study: Code | None = Field(default=None, description="Study id")
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    country: CountryCode | None = Field(default=None, description="ISO 3166-1 alpha-2")
    site: Code | None = Field(default=None, description="Site id")
    kind: list[Kind] = Field(default=[], max_length=50, description="Kinds of entry; repeat for several")
    since: BusinessTime | None = Field(default=None, alias="from", description="First day or instant of occurrence")
    until: BusinessTime | None = Field(default=None, alias="to", description="Last day or instant, itself included")
    as_of: BusinessTime | None = Field(default=None, description="Only what was recorded by then, itself included")

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor and the study asked for."""
        return narrowed_to(scope, self.sponsor, self.study)

    @property
    def known_by(self) -> datetime | None:
        """The first instant by which what is asked for need not be recorded; None where that does not matter."""
        return None if self.as_of is None else _end_in_milliseconds(self.as_of)

    def condition(self) -> dict[str, Any]:
        """The MongoDB condition on entries, without sponsor and study."""
        condition: dict[str, Any] = {field: value for field, value in self._equal().items() if value is not None}
        if self.kind:
            condition["kind"] = self.kind[0] if len(self.kind) == 1 else {"$in": sorted(set(self.kind))}
        if self.known_by is not None:
            condition["recorded_at"] = {"$lt": self.known_by}
        positions = {"$gte": self._first(), "$lt": self._end()}
        if limits := {operator: value for operator, value in positions.items() if value is not None}:
            condition["position"] = limits
        return condition

    def matches(self, entry: Mapping[str, Any]) -> bool:
        """Decide for one entry as `condition` does."""
        first, end = self._first(), self._end()
        return (
            all(value in {None, entry[field]} for field, value in self._equal().items())
            and (not self.kind or entry["kind"] in self.kind)
            and (self.known_by is None or entry["recorded_at"] < self.known_by)
            and (first is None or entry["position"] >= first)
            and (end is None or entry["position"] < end)
        )

    def _equal(self) -> dict[str, str | None]:
        return {"country": self.country, "site_id": self.site}

    def _first(self) -> str | None:
        return None if self.since is None else instant_text(bounds(self.since)[0])

    def _end(self) -> str | None:
        return None if self.until is None else instant_text(bounds(self.until)[1])


class TimelineFilter(EntryFilter):
    """Filters and order of the timeline."""

    order: Literal["asc", "desc"] = Field(default="asc", description="By the time of occurrence")


def _end_in_milliseconds(value: str) -> datetime:
    # MongoDB cuts an instant to milliseconds; cut upwards, so that what was recorded at the instant itself is inside.
    end = bounds(value)[1]
    return end + timedelta(microseconds=-end.microsecond % 1_000)


def narrowed_to(scope: Scope, sponsor: str | None, study: str | None) -> Scope:
    """The scope, limited to the sponsor and the study asked for."""
    seen = of_sponsor(scope, sponsor)
    return seen if study is None else seen.narrowed(studies=[study])


def of_sponsor(scope: Scope, named: str | None) -> Scope:
    """The scope, limited to the sponsor of this id or name."""
    return scope if named is None else scope.narrowed(sponsors=[named, sponsor_id(named)])
